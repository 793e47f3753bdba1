import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Wait } from '#gen/millrace/state/v1/wait_pb.ts';
import { failureText } from './names.ts';
import { describeMoment } from './times.ts';

type Kind = Exclude<Wait['kind'], { case: undefined }>;
type Texts = { readonly [C in Kind['case']]: (value: Extract<Kind, { case: C }>['value'], nowMs: number) => string };

const TEXTS: Texts = {
  worker: ({ queue, workerId }) =>
    workerId === '' ? `a worker to take it from queue ${queue}` : `worker ${workerId}, who has it`,
  timer: ({ dueTime }, nowMs) => `a timer${moment('until', dueTime, nowMs)}`,
  signal: ({ name, untilTime, approval }, nowMs) =>
    `${approval ? 'the approval' : 'signal'} ${name}${moment('until', untilTime, nowMs)}`,
  child: ({ runId }) => `the end of child ${runId}`,
  retry: ({ attempt, dueTime, failure }, nowMs) =>
    `attempt ${attempt}${moment('at', dueTime, nowMs)}${after(failureText(failure))}`,
  divergence: ({ expectedStep, foundStep }) =>
    `a worker with another build: the log has ${expectedStep} where the code came to ${foundStep}`,
  deadLetter: ({ deadLetterId }) => `somebody who requeues or purges the dead letter ${deadLetterId}`,
};

/** What a run waits for, in a line. */
export function waitText({ nodePath, kind }: Wait, nowMs: number): string {
  const text =
    kind.case === undefined ? 'something newer than this program' : TEXTS[kind.case](kind.value as never, nowMs);
  return nodePath === '' ? text : `${text} (${nodePath})`;
}

function moment(word: string, time: Timestamp | undefined, nowMs: number): string {
  return time === undefined ? '' : ` ${word} ${describeMoment(time, nowMs)}`;
}

function after(failure: string | undefined): string {
  return failure === undefined ? '' : `, after ${failure}`;
}
