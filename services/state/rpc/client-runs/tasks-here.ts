import type { AvailableTask } from '#gen/millrace/state/v1/available_task_pb.ts';
import type { FindAvailableTasksRequest } from '#gen/millrace/state/v1/claim_service_pb.ts';
import { maybeTaskId, TASK_QUEUE } from '#libs/engine/model/client-path.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { ReadyEntry } from '#libs/partition/ready/ready-entry.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { mayOffer } from '#libs/partition/runs/ready-entry-of.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { StateContext } from '../context.ts';
import { payloadToReadableProto } from '../wire/payload.ts';
import { sortedTags } from '../wire/tags.ts';
import { timestampFromTime } from '../wire/timestamp.ts';
import { recordAt } from './record-at.ts';

/** What is looked for. */
export type TaskWish = Pick<FindAvailableTasksRequest, 'workerId' | 'limit' | 'tags' | 'workflow' | 'definitionHash'>;

/** How many entries are looked at for one task that is wanted, because some are gone by then or of another definition. */
const LOOKS_PER_TASK = 4;
const MIN_LOOKS = 100;
/** Runs that are looked at together. */
const AT_ONCE = 100;

/** Finds tasks of the partitions that this node serves, best first. */
export async function findTasksHere(
  context: StateContext,
  tenantId: string,
  { workerId, limit, tags, workflow, definitionHash }: TaskWish,
  agingMs: number | undefined,
): Promise<readonly AvailableTask[]> {
  const entries = context.node.dispatch.lists.peek({
    tenantId,
    queue: TASK_QUEUE,
    tags: new Set(sortedTags(tags)),
    workflow,
    workerId,
    limit: Math.max(limit * LOOKS_PER_TASK, MIN_LOOKS),
    agingMs,
  });
  const tasks: AvailableTask[] = [];
  for (let at = 0; at < entries.length && tasks.length < limit; ) {
    // No more runs are looked at than are wanted: each of them may have to be loaded.
    const some = entries.slice(at, at + Math.min(AT_ONCE, limit - tasks.length));
    at += some.length;
    const found = await Promise.all(some.map((entry) => maybeTask(context, entry, definitionHash)));
    tasks.push(...found.filter((task) => task !== undefined));
  }
  return tasks;
}

/** The task that an entry stands for, when it may still be claimed. */
async function maybeTask(
  context: StateContext,
  entry: ReadyEntry,
  definitionHash: string,
): Promise<AvailableTask | undefined> {
  const found = await maybeLook(context, entry);
  if (found === undefined) return undefined;
  const { task, hot, isFirst } = found;
  if (definitionHash !== '' && task.definitionHash !== definitionHash) return undefined;
  if (isFirst) {
    const { input } = await recordAt(context.store.tables, hot, 1, ['runStarted']);
    if (input !== undefined) Object.assign(task, { input: payloadToReadableProto(input) });
  }
  return task;
}

interface FoundTask {
  readonly task: AvailableTask;
  readonly hot: HotRun;
  /** Nothing has been done yet: its input is the run's. */
  readonly isFirst: boolean;
}

async function maybeLook({ node }: StateContext, entry: ReadyEntry): Promise<FoundTask | undefined> {
  try {
    return await ask(node.partitionOf(entry), entry, {
      intent: 'read',
      act: ({ hot, now }) => (hot !== undefined && mayOffer(hot, entry, now) ? foundTask(hot, entry) : undefined),
    });
  } catch (error) {
    // Its partition moves: whoever has it next offers it.
    if (error instanceof DomainError && error.kind === 'unavailable') return undefined;
    throw error;
  }
}

function foundTask(hot: HotRun, { nodePath, tags, priority, scheduleTime }: ReadyEntry): FoundTask {
  const { run, identity } = hot;
  const taskId = maybeTaskId(nodePath) ?? '';
  const task: AvailableTask = {
    $typeName: 'millrace.state.v1.AvailableTask',
    runId: identity.runId,
    incarnation: identity.incarnation,
    taskId,
    definitionHash: run.definitionHash,
    priority,
    tags: [...tags],
    attempt: run.nodes.get(nodePath)?.item?.attempt ?? 1,
    readyTime: timestampFromTime(scheduleTime),
    workflow: run.workflow,
    version: run.version,
    hasResult: run.client?.done.has(taskId) ?? false,
  };
  const { client } = run;
  return { task, hot, isFirst: client?.snapshots.length === 0 && client.results.size === 0 };
}
