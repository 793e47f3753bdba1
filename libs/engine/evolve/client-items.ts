import type { ItemDied, ItemEnqueued } from '../events/client-events.ts';
import type { Stamp } from '../events/event.ts';
import { maybeItemId, maybeTaskId } from '../model/client-path.ts';
import { type ClientState, MAX_SETTLED_NODES } from '../model/client-state.ts';
import { LogError } from '../model/log-error.ts';
import { dropEntry, withEntry } from '../model/open-map.ts';
import type { Run } from '../model/run.ts';
import { computeWakeTime } from '../model/wake-time.ts';
import { noteResult } from './client-snapshots.ts';
import { evolveTaskScheduled } from './tasks.ts';

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

/** Folds that a task is not to be done any more. */
export function evolveTaskWithdrawn(run: Run, nodePath: string): void {
  const node = run.nodes.get(nodePath);
  if (node?.item === undefined || node.item.lease !== undefined) {
    throw new LogError('INCONSISTENT', `node "${nodePath}" has no item that could be withdrawn`);
  }
  dropEntry(run.nodes, nodePath);
  run.wakeTime = computeWakeTime(run);
}

/**
 * Folds what is remembered of a node whose hold was settled: the result of a task or item, by the place of the record
 * that holds it, and that it was settled, of the last ones.
 */
export function rememberSettled(run: Run, client: ClientState, nodePath: string, resultPlace?: number): void {
  if (resultPlace !== undefined) {
    const facts = client.items.get(nodePath);
    const taskId = maybeTaskId(nodePath) ?? (facts?.nodeId === '' ? facts.itemId : facts?.nodeId);
    if (taskId !== undefined) noteResult(client, taskId, resultPlace);
  }
  if (run.nodes.size <= MAX_SETTLED_NODES) return;
  for (const { path, item } of run.nodes.values()) {
    if (item !== undefined || path === nodePath || client.dead.has(path)) continue;
    dropEntry(run.nodes, path);
    dropEntry(client.items, path);
    return;
  }
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
  node.item = undefined;
  run.wakeTime = computeWakeTime(run);
}

/** Folds that a dead letter was put back: its attempts count anew. */
export function evolveTaskRequeued(run: Run, client: ClientState, nodePath: string): void {
  dropEntry(client.dead, nodePath);
  const node = run.nodes.get(nodePath);
  if (node === undefined) return;
  node.failures = 0;
  node.expiries = 0;
}

/** Folds that a dead letter is gone, and its item with it. */
export function evolveDeadLetterPurged(run: Run, client: ClientState, nodePath: string): void {
  dropEntry(client.dead, nodePath);
  dropEntry(client.items, nodePath);
  dropEntry(run.nodes, nodePath);
}
