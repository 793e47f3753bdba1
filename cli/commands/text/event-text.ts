import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import { ErrorReasonSchema } from '#gen/millrace/common/v1/errors_pb.ts';
import { ControlKindSchema } from '#gen/millrace/state/v1/control_pb.ts';
import { type Event, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { RunStatusSchema } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import { SkipReasonSchema } from '#gen/millrace/state/v1/task_events_pb.ts';
import { enumName } from '../json/message-json.ts';
import { failureText, stepText } from './names.ts';
import { shortPayload } from './payload-text.ts';
import { oneLine } from './printable.ts';
import { systemRecordParts } from './system-record-text.ts';
import { localTimeWithMs } from './times.ts';

/** What it is about, and then what there is to say about it. */
export type EventParts = readonly [name: string, ...details: (string | undefined)[]];

type Kind = Exclude<Event['kind'], { case: undefined }>;
type Parts = { readonly [C in Kind['case']]: (value: Extract<Kind, { case: C }>['value']) => EventParts };

const PARTS: Parts = {
  runStarted: ({ workflow, version, input, parent, replacedIncarnation }) => [
    `${workflow} ${version}`,
    shortPayload(input),
    parent && `child of ${parent.runId}`,
    replacedIncarnation && 'in place of an earlier one',
  ],
  runEnded: ({ status, output, failure, requestedBy, reason }) => [
    enumName(RunStatusSchema, status),
    shortPayload(output),
    failureText(failure),
    by(requestedBy),
    reason,
  ],
  runPaused: ({ requestedBy, reason }) => ['', by(requestedBy), reason],
  runResumed: ({ requestedBy }) => ['', by(requestedBy)],
  controlRequested: ({ control }) => [
    control === undefined ? '' : enumName(ControlKindSchema, control.kind),
    by(control?.requestedBy),
    control?.reason,
  ],
  controlCleared: ({ kind }) => [enumName(ControlKindSchema, kind)],
  cleanupStarted: ({ deadlineTime }) => ['', moment('until', deadlineTime)],
  attributesSet: ({ attributes, removed, step }) => [
    stepText(step),
    Object.keys(attributes).join(', '),
    removed.length === 0 ? undefined : `without ${removed.join(', ')}`,
  ],
  stateSet: ({ key, value, step }) => [key, shortPayload(value), step && `by ${stepText(step)}`],
  runDiverged: ({ divergence }) => [
    divergence?.foundStep ?? '',
    divergence && `where the log has ${divergence.expectedStep}`,
    divergence?.sourceLocation,
    divergence?.build && `build ${divergence.build}`,
  ],
  stepBegun: ({ step, attempt, deadlineTime }) => [stepText(step), tried(attempt), moment('until', deadlineTime)],
  stepRecorded: ({ step, attempt, result }) => [stepText(step), tried(attempt), shortPayload(result)],
  stepFailed: ({ step, attempt, failure, retryTime, timedOut }) => [
    stepText(step),
    tried(attempt),
    timedOut ? 'timed out' : undefined,
    failureText(failure),
    retried(retryTime),
  ],
  valueRecorded: ({ step, value }) => [stepText(step), shortPayload(value)],
  taskScheduled: ({ nodePath, attempt, queue, input, notBeforeTime }) => [
    nodePath,
    tried(attempt),
    queue && `queue ${queue}`,
    moment('from', notBeforeTime),
    shortPayload(input),
  ],
  taskLeased: ({ nodePath, attempt, lease }) => [nodePath, tried(attempt), lease && `worker ${lease.workerId}`],
  taskReleased: ({ nodePath, reason }) => [nodePath, reason],
  taskCompleted: ({ nodePath, attempt, output, workerId }) => [
    nodePath,
    tried(attempt),
    shortPayload(output),
    workerId && `worker ${workerId}`,
  ],
  taskFailed: ({ nodePath, attempt, failure, retryTime, workerId }) => [
    nodePath,
    tried(attempt),
    failureText(failure),
    retried(retryTime),
    workerId && `worker ${workerId}`,
  ],
  taskSkipped: ({ nodePath, reason }) => [nodePath, enumName(SkipReasonSchema, reason)],
  taskDeadLettered: ({ nodePath, deadLetterId, failure }) => [nodePath, deadLetterId, failureText(failure)],
  taskRequeued: ({ nodePath, requestedBy }) => [nodePath, by(requestedBy)],
  edgeEvaluated: ({ nodePath, key, taken, error }) => [
    nodePath,
    key,
    taken.length === 0 ? 'takes no edge' : `takes ${taken.join(', ')}`,
    error && `not evaluated: ${error}`,
  ],
  loopIterated: ({ nodePath, iteration, output, again }) => [
    nodePath,
    `iteration ${iteration + 1}`,
    shortPayload(output),
    again ? 'another follows' : 'the last one',
  ],
  raceWon: ({ nodePath, winner }) => [nodePath, `won by ${winner}`],
  compensationStarted: ({ nodePath, targetNode }) => [nodePath, `undoes ${targetNode}`],
  timerStarted: ({ nodePath, step, dueTime }) => [at(nodePath, step), moment('until', dueTime)],
  timerFired: ({ nodePath, step }) => [at(nodePath, step)],
  timerWithdrawn: ({ startedSequence }) => [`of event ${startedSequence}`],
  signalWaitStarted: ({ nodePath, step, name, untilTime }) => [name, at(nodePath, step), moment('until', untilTime)],
  signalReceived: ({ signal }) => [signal?.name ?? '', signal && shortPayload(signal.payload), signal?.signalId],
  signalConsumed: ({ nodePath, step, name, payload }) => [name, shortPayload(payload), at(nodePath, step)],
  signalWaitTimedOut: ({ nodePath, step, name }) => [name, at(nodePath, step)],
  childScheduled: ({ nodePath, step, runId, workflow, version, input }) => [
    runId,
    [workflow, version].join(' ').trim(),
    shortPayload(input),
    at(nodePath, step),
  ],
  childStarted: ({ runId, version }) => [runId, version && `version ${version}`],
  childRejected: ({ runId, rejection }) => [
    runId,
    rejection && `${enumName(ErrorReasonSchema, rejection.reason)}: ${rejection.message}`,
  ],
  childWaitStarted: ({ nodePath, step, runId }) => [runId, at(nodePath, step)],
  childEnded: ({ runId, status, output, failure }) => [
    runId,
    enumName(RunStatusSchema, status),
    shortPayload(output),
    failureText(failure),
  ],
  waitWithdrawn: ({ startedSequence }) => [`of event ${startedSequence}`],
  clientEvent: ({ type, data }) => [type, shortPayload(data)],
  systemRecord: systemRecordParts,
};

const SEQUENCE_WIDTH = 6;
/** The longest kind that a log is full of; longer ones push what follows to the right. */
const KIND_WIDTH = 17;

/** An event in a line: number, time, kind, what it is about, and some details. */
export function eventLine({ sequence, eventTime, kind }: Event): string {
  const time = eventTime === undefined ? '' : localTimeWithMs(timestampMs(eventTime));
  const [name, ...details] =
    kind.case === undefined ? ['', 'newer than this program'] : PARTS[kind.case](kind.value as never);
  const said = details.filter((detail) => detail !== undefined && detail !== '').join(', ');
  const about = [name, said].filter((part) => part !== '').join(': ');
  return `${String(sequence).padStart(SEQUENCE_WIDTH)}  ${time}  ${kindName(kind.case).padEnd(KIND_WIDTH)}  ${oneLine(about)}`.trimEnd();
}

function kindName(kind: Kind['case'] | undefined): string {
  const field = kind === undefined ? undefined : EventSchema.field[kind];
  return field?.message?.name ?? 'Unknown';
}

function at(nodePath: string, step: StepId | undefined): string {
  return nodePath === '' ? stepText(step) : nodePath;
}

function by(who: string | undefined): string | undefined {
  return who === undefined || who === '' ? undefined : `by ${who}`;
}

/** Only what is not the first try is worth a word. */
function tried(attempt: number): string | undefined {
  return attempt > 1 ? `attempt ${attempt}` : undefined;
}

function retried(time: Timestamp | undefined): string {
  return moment('again at', time) ?? 'for good';
}

function moment(word: string, time: Timestamp | undefined): string | undefined {
  return time === undefined ? undefined : `${word} ${localTimeWithMs(timestampMs(time))}`;
}
