import type { Run } from '#gen/millrace/state/v1/run_pb.ts';
import { RunStatusSchema } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import type { Failure } from '#gen/millrace/workflow/v1/failure_pb.ts';
import { enumName } from '../json/message-json.ts';
import { oneLine } from './printable.ts';

/** How much of a failure's message a line shows. */
const MESSAGE_LENGTH = 120;

/** The status of a run with what it does not say: that a cancel is under way, that its log could not be folded. */
export function statusText({
  status,
  cancelling,
  quarantined,
}: Pick<Run, 'status' | 'cancelling' | 'quarantined'>): string {
  const more = [...(cancelling ? ['cancelling'] : []), ...(quarantined ? ['quarantined'] : [])];
  return `${enumName(RunStatusSchema, status)}${more.length === 0 ? '' : ` (${more.join(', ')})`}`;
}

/** A step by its scope, its name and which of its name it is, from the second on: `0/1/charge#2`. */
export function stepText(step: StepId | undefined): string {
  if (step === undefined) {
    return '';
  }
  const path = step.scope === '' ? step.name : `${step.scope}/${step.name}`;
  return step.occurrence === 0 ? path : `${path}#${step.occurrence + 1}`;
}

/** A failure in a line: its type and what it says. */
export function failureText(failure: Failure | undefined): string | undefined {
  return failure === undefined ? undefined : oneLine(`${failure.type}: ${failure.message}`, MESSAGE_LENGTH);
}

/** A word as it is typed in a shell. */
export function shellWord(word: string): string {
  return /^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The words that name a run on a command line. */
export function shellRun(runId: string): string {
  return runId.startsWith('-') ? `-- ${shellWord(runId)}` : shellWord(runId);
}
