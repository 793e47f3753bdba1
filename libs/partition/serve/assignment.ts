import type { Event } from '#libs/engine/events/event.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { AssignmentFacts } from '../dispatch/held-lease.ts';
import { readEvents } from '../rows/read-events.ts';
import { decodeEvents, splitEvents } from '../runs/event-bytes.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { maybeDetails } from '../runs/run-heartbeats.ts';

/** How much history an assignment carries; the worker asks for the rest. */
const HISTORY_BYTES = 256 * 1024;
/** Events in it at most. */
const HISTORY_EVENTS = 4_096;

/**
 * What a worker is told with an item of a run that is as it is in memory: at once when all of it is there, which is
 * always so for a run that has just begun. Absent: it has to be read.
 */
export function maybeAssignmentOf(hot: HotRun, nodePath: string): AssignmentFacts | undefined {
  const { tail } = hot;
  if (tail.firstSequence > 1 || tail.byteLength > HISTORY_BYTES) return undefined;
  if (hasPast(hot)) {
    const events = tail.chunks.flatMap((chunk) => decodeEvents(chunk, hot.baseTime));
    return factsOf(hot, nodePath, inputOf(events), events, false);
  }
  const { freshInput } = hot;
  if (freshInput !== undefined) {
    hot.freshInput = undefined;
    return factsOf(hot, nodePath, freshInput, [], false);
  }
  const [first] = tail.chunks;
  const events = first === undefined ? [] : decodeEvents(splitEvents(first, 2)[0], hot.baseTime);
  return factsOf(hot, nodePath, inputOf(events), [], false);
}

/**
 * What is told with a task or work item of a CLIENT run: no history, for its runtime has that, and no payload, which lies
 * anywhere in the log: whoever answers the claim reads it there.
 */
export function clientAssignmentOf(hot: HotRun, nodePath: string): AssignmentFacts {
  return factsOf(hot, nodePath, undefined, [], false);
}

/** Whether anything happened that code would have to hear of again. */
function hasPast({ run }: HotRun): boolean {
  return run.stepCount > 0 || run.newsSequence > 0;
}

/** Reads what a worker is told with an item. Something may have happened to the run meanwhile: `lastSequence` says it. */
export async function readAssignment(
  tables: Pick<StateTables, 'readSegments'>,
  hot: HotRun,
  nodePath: string,
): Promise<AssignmentFacts> {
  const window = { afterSequence: 0, maxEvents: HISTORY_EVENTS, maxBytes: HISTORY_BYTES };
  const facts = factsOf(hot, nodePath, undefined, [], false);
  const { events, hasMore } = await readEvents(tables, hot, window);
  return { ...facts, input: inputOf(events), history: events, hasMoreHistory: hasMore };
}

function factsOf(
  hot: HotRun,
  nodePath: string,
  input: Payload | undefined,
  history: readonly Event[],
  hasMoreHistory: boolean,
): AssignmentFacts {
  const { run, start } = hot;
  const item = run.nodes.get(nodePath)?.item;
  return {
    workflow: run.workflow,
    version: run.version,
    definitionHash: run.definitionHash,
    input,
    attempt: item?.attempt ?? 1,
    lastSequence: run.lastSequence,
    stepCount: run.stepCount,
    history,
    hasMoreHistory,
    queue: item?.queue ?? run.queue,
    priority: item?.priority ?? run.priority,
    tags: item?.tags ?? run.tags,
    cancelling: run.cancelling,
    cleanupDeadlineTime: run.cleanupDeadlineTime,
    runDeadlineTime: run.deadlineTime,
    scheduleTime: item?.scheduleTime ?? run.createTime,
    traceparent: start.traceparent,
    heartbeatDetails: maybeDetails(hot, nodePath),
  };
}

/** The input of a run, which its first event carries. */
function inputOf(events: readonly Event[]): Payload | undefined {
  const [first] = events;
  return first?.kind === 'runStarted' ? first.input : undefined;
}
