import type { ItemDied, ItemEnqueued } from '../events/client-events.ts';
import type { Stamp } from '../events/event.ts';
import type { TaskCompleted, TaskLeased, TaskReleased, TaskScheduled } from '../events/task-events.ts';
import { addSettled } from '../model/client-nodes.ts';
import { maybeItemId, maybeTaskId } from '../model/client-path.ts';
import type { ClientState } from '../model/client-state.ts';
import { isForcedRelease } from '../model/forced-release.ts';
import { LogError } from '../model/log-error.ts';
import { dropEntry, dropMember, withEntry } from '../model/open-map.ts';
import type { OpenNode } from '../model/open-node.ts';
import type { Run } from '../model/run.ts';
import { moveWakeTime } from '../model/wake-time.ts';
import { noteResult } from './client-snapshots.ts';
import { evolveTaskCompleted, evolveTaskLeased, evolveTaskReleased, evolveTaskScheduled } from './tasks.ts';

/** Folds a work item: what is known of it for good, and its first attempt. */
export function evolveItemEnqueued(run: Run, client: ClientState, record: ItemEnqueued, stamp: Stamp): void {
  const { nodePath, nodeId, maxAttempts, queue, priority, tags } = record;
  client.items = withEntry(client.items, nodePath, {
    itemId: maybeItemId(nodePath) ?? '',
    nodeId,
    enqueuedPlace: stamp.sequence,
    createTime: stamp.eventTime,
    maxAttempts,
    queue,
    priority,
    tags,
  });
  evolveTaskScheduled(run, { ...record, kind: 'taskScheduled', ...stamp });
}

/** Folds that a task or an item waits. As the first attempt it begins anew, whatever became of it before. */
export function evolveWorkOffered(run: Run, client: ClientState, record: TaskScheduled, stamp: Stamp): void {
  dropMember(client.settled, record.nodePath);
  evolveTaskScheduled(run, { ...record, ...stamp });
  const node = run.nodes.get(record.nodePath);
  if (record.attempt !== 1 || node === undefined) return;
  forgive(node);
  node.failedWorkerId = '';
}

/** Folds a hold, or its extension. */
export function evolveWorkLeased(run: Run, client: ClientState, record: TaskLeased, stamp: Stamp): void {
  const node = run.nodes.get(record.nodePath);
  if (node !== undefined) client.held = withEntry(client.held, node.path, node);
  evolveTaskLeased(run, { ...record, ...stamp });
}

/** Folds a success: attempts that failed before it count no more. */
export function evolveWorkCompleted(run: Run, client: ClientState, record: TaskCompleted, stamp: Stamp): void {
  dropEntry(client.held, record.nodePath);
  evolveTaskCompleted(run, { ...record, ...stamp });
  const { nodePath } = record;
  const node = rememberSettled(run, client, nodePath);
  if (node !== undefined) forgive(node);
  const taskId = maybeTaskId(nodePath);
  const facts = client.items.get(nodePath);
  if (taskId !== undefined) return noteResult(client, taskId, stamp);
  if (facts === undefined) return undefined;
  if (facts.nodeId !== '') return noteResult(client, facts.nodeId, stamp);
  client.results = withEntry(client.results, facts.itemId, stamp.sequence);
  return undefined;
}

/** Folds the end of a hold that does not count. One that an operator ended is no settle of its worker. */
export function evolveWorkReleased(run: Run, client: ClientState, record: TaskReleased, stamp: Stamp): void {
  const before = run.nodes.get(record.nodePath)?.settled;
  dropEntry(client.held, record.nodePath);
  evolveTaskReleased(run, { ...record, ...stamp });
  const node = rememberSettled(run, client, record.nodePath);
  if (node !== undefined && isForcedRelease(record)) node.settled = before;
}

function forgive(node: OpenNode): void {
  node.failures = 0;
  node.expiries = 0;
}

/** Folds that a task is not to be done any more. How its last hold was settled is still known. */
export function evolveTaskWithdrawn(run: Run, client: ClientState, nodePath: string): void {
  const node = run.nodes.get(nodePath);
  if (node?.item === undefined || node.item.lease !== undefined) {
    throw new LogError('INCONSISTENT', `node "${nodePath}" has no item that could be withdrawn`);
  }
  if (node.settled === undefined) return dropEntry(run.nodes, nodePath);
  node.item = undefined;
  forgive(node);
  return addSettled(run, client, node);
}

/** Folds that nobody has the item of a node any more: the last ones are remembered. */
export function rememberSettled(run: Run, client: ClientState, nodePath: string): OpenNode | undefined {
  const node = run.nodes.get(nodePath);
  if (node !== undefined) addSettled(run, client, node);
  return node;
}

/** Folds the death of an item, whoever held it. */
export function evolveItemDied(run: Run, client: ClientState, record: ItemDied, stamp: Stamp): void {
  const { nodePath, deadLetterId, reason } = record;
  const node = run.nodes.get(nodePath);
  if (node === undefined) throw new LogError('INCONSISTENT', `node "${nodePath}" died but is not open`);
  const attempt = node.item?.attempt ?? Math.max(node.failures + node.expiries, 1);
  client.dead = withEntry(client.dead, nodePath, {
    deadLetterId,
    reason,
    time: stamp.eventTime,
    place: stamp.sequence,
    attempt,
  });
  const expireTime = node.item?.lease?.expireTime ?? Infinity;
  node.item = undefined;
  dropMember(client.settled, nodePath);
  dropEntry(client.held, nodePath);
  moveWakeTime(run, expireTime, Infinity);
}

/** Folds that a dead letter was put back: its attempts count anew. */
export function evolveTaskRequeued(run: Run, client: ClientState, nodePath: string): void {
  dropEntry(client.dead, nodePath);
  const node = rememberSettled(run, client, nodePath);
  if (node !== undefined) forgive(node);
}

/** Folds that a dead letter is gone, and its item with it. */
export function evolveDeadLetterPurged(run: Run, client: ClientState, nodePath: string): void {
  dropEntry(client.dead, nodePath);
  dropEntry(client.items, nodePath);
  dropEntry(run.nodes, nodePath);
}
