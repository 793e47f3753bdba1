import { randomUUIDv7 } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { type Event, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import { type Assignment, WorkKind } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { Failure } from '#gen/millrace/workflow/v1/failure_pb.ts';

type EventMessageInit = Exclude<MessageInitShape<typeof EventSchema>, Event>;

/** What an event may be made of. */
export type EventInit = EventMessageInit['kind'];

/** A wait that is open. */
export interface TestWait {
  readonly kind: 'timer' | 'signal' | 'child' | 'retry';
  readonly step: StepId;
  readonly startedSequence: number;
  /** The signal or the child. */
  readonly name: string;
  readonly timer: NodeJS.Timeout | undefined;
}

/** A run as the server of the tests keeps it: its log, and what of it is open. */
export interface TestRun {
  readonly runId: string;
  readonly incarnation: string;
  readonly workflow: string;
  readonly version: string;
  readonly input: Payload | undefined;
  readonly log: Event[];
  readonly waits: TestWait[];
  readonly buffered: { readonly name: string; readonly sequence: number }[];
  status: 'open' | 'completed' | 'failed' | 'cancelled' | 'diverged';
  stepCount: number;
  attempt: number;
  isPaused: boolean;
  isCancelling: boolean;
  isReady: boolean;
  fence: bigint;
  /** The session that has it. Absent: nobody. */
  holder: string | undefined;
  output: Payload | undefined;
  failure: Failure | undefined;
  /** The last event that a function has to hear of. */
  newsSequence: number;
}

/** A run that was started just now. */
export function createTestRun(runId: string, workflow: string, version: string, input: Payload | undefined): TestRun {
  const run: TestRun = {
    runId,
    incarnation: randomUUIDv7(),
    workflow,
    version,
    input,
    log: [],
    waits: [],
    buffered: [],
    status: 'open',
    stepCount: 0,
    attempt: 1,
    isPaused: false,
    isCancelling: false,
    isReady: true,
    fence: 0n,
    holder: undefined,
    output: undefined,
    failure: undefined,
    newsSequence: 0,
  };
  append(run, { case: 'runStarted', value: { workflow, version } });
  append(run, { case: 'taskScheduled', value: {} });
  return run;
}

/** A run whose log breaks off after so many events of another one's, and which nobody works on. */
export function runOfPrefix(whole: TestRun, length: number, runId: string): TestRun {
  const { workflow, version, input, incarnation } = whole;
  const run: TestRun = {
    ...createTestRun(runId, workflow, version, input),
    incarnation,
    log: whole.log.slice(0, length),
  };
  for (const { kind, sequence } of run.log) {
    const { case: name, value } = kind;
    if (value !== undefined && 'ordinal' in value && value.ordinal > 0) run.stepCount = value.ordinal;
    if (name === 'cleanupStarted') run.isCancelling = true;
    if (name !== undefined && NEWS.has(name)) run.newsSequence = Number(sequence);
  }
  return run;
}

/** What functions have to hear of besides their own records. */
const NEWS: ReadonlySet<string> = new Set([
  'timerFired',
  'signalWaitTimedOut',
  'signalConsumed',
  'childStarted',
  'childRejected',
  'childEnded',
  'cleanupStarted',
]);

/** Appends an event. */
export function append(run: TestRun, kind: NonNullable<EventInit>): Event {
  const sequence = BigInt(run.log.length + 1);
  const init: EventMessageInit = { sequence, eventTime: timestampFromMs(Date.now()), kind };
  const event = create(EventSchema, init);
  run.log.push(event);
  return event;
}

/** The records of a run, as `name#occurrence kind`, in the order of the log. */
export function recordsOf(run: TestRun): string[] {
  const records: string[] = [];
  for (const { kind } of run.log) {
    if (kind.case === undefined || !('ordinal' in kind.value) || kind.value.ordinal === 0) continue;
    const { step } = kind.value;
    records.push(`${step?.name}#${step?.occurrence} ${kind.case}`);
  }
  return records;
}

/** The assignment of a run to a worker, with its history as far as it may go. */
export function assignmentOf(run: TestRun, handle: number, maxHistory: number): Assignment {
  const hasPast = run.stepCount > 0 || run.newsSequence > 0;
  return {
    $typeName: 'millrace.state.v1.Assignment',
    handle,
    kind: WorkKind.FUNCTION,
    runId: run.runId,
    incarnation: run.incarnation,
    workflow: run.workflow,
    version: run.version,
    input: run.input,
    attempt: run.attempt,
    fence: run.fence,
    lastSequence: BigInt(run.log.length),
    stepCount: run.stepCount,
    itemId: `${run.incarnation}.1`,
    history: hasPast ? run.log.slice(0, maxHistory) : [],
    task: '',
    nodePath: '',
    queue: 'default',
    definitionHash: 'hash',
    priority: 3,
    tags: [],
    cancelling: run.isCancelling,
    traceparent: '',
    historyTruncated: hasPast && run.log.length > maxHistory,
  };
}
