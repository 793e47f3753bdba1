import type { EventOf } from '../events/event.ts';
import { LogError } from '../model/log-error.ts';
import { dropEntry, withEntry } from '../model/open-map.ts';
import { type OpenItem, type OpenNode, type SettleKind, scheduledItem } from '../model/open-node.ts';
import { ROOT, type Run } from '../model/run.ts';
import { computeWakeTime, moveWakeTime } from '../model/wake-time.ts';

/** Folds an item: the node is open, and an item that it had and nobody took is replaced. */
export function evolveTaskScheduled(run: Run, event: EventOf<'taskScheduled'>): void {
  const node = run.nodes.get(event.nodePath) ?? createNode(run, event.nodePath, event.sequence);
  if (node.item?.lease !== undefined) throw new LogError('INCONSISTENT', 'an item was scheduled beside a leased one');
  node.item = scheduledItem(event);
  if (event.nodePath === ROOT) {
    run.divergence = undefined;
    dropDueRetries(run, event.eventTime);
  }
  // What waits in a CLIENT run wakes nobody.
  if (run.client === undefined) run.wakeTime = computeWakeTime(run);
}

/** A function that is offered finds in its log that these retries are due; nobody has to wake it for them again. */
function dropDueRetries(run: Run, time: number): void {
  for (const [key, step] of run.openSteps) {
    if (step.state === 'retrying' && step.dueTime <= time) dropEntry(run.openSteps, key);
  }
}

function createNode(run: Run, path: string, openedSequence: number): OpenNode {
  const node: OpenNode = {
    path,
    openedSequence,
    item: undefined,
    failures: 0,
    expiries: 0,
    failureSequence: 0,
    failedWorkerId: '',
    settled: undefined,
  };
  run.nodes = withEntry(run.nodes, path, node);
  return node;
}

/** Folds a hold, or its extension. The first one makes the run RUNNING. */
export function evolveTaskLeased(run: Run, event: EventOf<'taskLeased'>): void {
  const node = run.nodes.get(event.nodePath);
  const item = node?.item;
  if (item === undefined || item.itemSequence !== event.lease.itemSequence) {
    throw new LogError('INCONSISTENT', `item ${event.lease.itemSequence} was leased but is not open`);
  }
  if (item.lease?.fence !== event.lease.fence) {
    if (item.lease !== undefined) throw new LogError('INCONSISTENT', 'an item was leased twice');
    item.leasedSequence = event.sequence;
    run.lastFence = event.lease.fence;
    run.startTime ??= event.eventTime;
    if (run.status === 'PENDING') run.status = 'RUNNING';
  }
  const before = expireTimeOf(item);
  item.lease = event.lease;
  holdChanged(run, before, expireTimeOf(item));
}

function expireTimeOf({ lease }: OpenItem): number {
  return lease?.expireTime ?? Infinity;
}

/** Folds when a hold ends by itself: other things than holds wake a SERVER run, which has one, in any case. */
function holdChanged(run: Run, before: number, after: number): void {
  if (run.client === undefined) run.wakeTime = computeWakeTime(run);
  else moveWakeTime(run, before, after);
}

/** Folds an item that its worker gave back. */
export function evolveTaskReleased(run: Run, event: EventOf<'taskReleased'>): void {
  const { node, item } = takeItem(run, event.nodePath);
  settle(node, 'released');
  holdChanged(run, expireTimeOf(item), Infinity);
}

/** Folds a success. */
export function evolveTaskCompleted(run: Run, event: EventOf<'taskCompleted'>): void {
  const { node, item } = takeItem(run, event.nodePath);
  settle(node, 'completed');
  holdChanged(run, expireTimeOf(item), Infinity);
}

/** Folds a failed attempt: by its worker, who settled, or noticed by the server, which counts for the back-off. */
export function evolveTaskFailed(run: Run, event: EventOf<'taskFailed'>): void {
  const { node, item } = takeItem(run, event.nodePath);
  node.failureSequence = event.sequence;
  node.failedWorkerId = item.lease?.workerId ?? '';
  if (event.workerId !== '') {
    node.failures += 1;
    settle(node, 'failed');
  } else {
    node.expiries += 1;
    // A yield that waited for nothing is a settle of its worker too.
    if (event.failure.type === 'NOTHING_TO_WAIT_FOR') settle(node, 'released');
    node.item = undefined;
  }
  holdChanged(run, expireTimeOf(item), Infinity);
}

function takeItem(run: Run, nodePath: string): { readonly node: OpenNode; readonly item: OpenItem } {
  const node = run.nodes.get(nodePath);
  const item = node?.item;
  if (node === undefined || item === undefined) {
    throw new LogError('INCONSISTENT', `node "${nodePath}" has no item that could end`);
  }
  return { node, item };
}

function settle(node: OpenNode, kind: SettleKind): void {
  const item = node.item;
  if (item?.lease === undefined) throw new LogError('INCONSISTENT', `nobody held the item of node "${node.path}"`);
  node.settled = { kind, itemSequence: item.itemSequence, fence: item.lease.fence };
  node.item = undefined;
}
