import type { Holder } from '../commands/claim-commands.ts';
import { maybeTaskId } from '../model/client-path.ts';
import { type ClientState, type DeadReason, MAX_ATTEMPTS } from '../model/client-state.ts';
import { maybeWanted, standOf } from '../model/client-tasks.ts';
import type { Failure } from '../model/failure.ts';
import { itemIdFrom } from '../model/lease.ts';
import { attemptOf, type HeldNode, type OpenNode } from '../model/open-node.ts';
import type { Run } from '../model/run.ts';
import { laterTask, offerTask } from './client-tasks.ts';
import { type Decision, rejected } from './decision.ts';
import { appendRecord, type Draft } from './draft.ts';

/** The state of a CLIENT run, which `decide` has made sure of. */
export function clientOf(run: Run): ClientState {
  if (run.client === undefined) throw new TypeError('the run is not driven by a client');
  return run.client;
}

/** The node that a holder holds, or what it is told instead: LEASE_NOT_FOUND, or LEASE_LOST when another hold is there [12]. */
export function heldBy(run: Run, { nodePath, workerId, fence }: Holder): HeldNode | Decision {
  const node = run.nodes.get(nodePath);
  const lease = node?.item?.lease;
  if (lease === undefined) return rejected('LEASE_NOT_FOUND');
  if (lease.workerId !== workerId || (fence !== undefined && lease.fence !== fence)) return rejected('LEASE_LOST');
  return node as HeldNode;
}

/** Tells a node from a decision. */
export function isHeldNode(found: HeldNode | Decision): found is HeldNode {
  return 'path' in found;
}

/** How often the item of a node is tried. 0: without end. */
function maxAttemptsOf(client: ClientState, path: string): number {
  return client.items.get(path)?.maxAttempts ?? MAX_ATTEMPTS;
}

/** How an attempt ended. */
export interface AttemptEnd {
  readonly failure: Failure;
  /** Who says so. Empty: the server noticed. */
  readonly workerId: string;
  /** Not before then. */
  readonly retryTime: number | undefined;
  /** What it is as a dead letter when it was the last. */
  readonly deadReason: DeadReason;
  /** There is no next attempt, however many are left. */
  readonly isFinal?: boolean;
}

/** An attempt of what a worker holds is over: the next one waits, or it was the last. Answers the dead letter. */
export function endAttempt(run: Run, draft: Draft, node: HeldNode, end: AttemptEnd): string {
  const client = clientOf(run);
  const { failure, workerId } = end;
  const { itemSequence } = node.item;
  // A save under the lease made its attempts count anew: the item's own number may be higher.
  const attempt = attemptOf(node);
  const limit = maxAttemptsOf(client, node.path);
  const isLast = end.isFinal === true || failure.nonRetryable || (limit > 0 && attempt >= limit);
  const retryTime = isLast ? undefined : end.retryTime;
  appendRecord(draft, { kind: 'taskFailed', nodePath: node.path, failure, attempt, retryTime, workerId });
  if (isLast) return bury(run, draft, node.path, itemSequence, { failure, reason: end.deadReason, movedBy: '' });
  offerAgain(run, client, draft, node, attempt + 1, retryTime);
  return '';
}

/** Why an item is a dead letter. */
export interface Burial {
  readonly failure: Failure;
  readonly reason: DeadReason;
  readonly movedBy: string;
}

/** Makes a dead letter of a node's item. Answers its id. */
export function bury(run: Run, draft: Draft, nodePath: string, itemSequence: number, burial: Burial): string {
  const deadLetterId = itemIdFrom(run.identity.incarnation, itemSequence);
  appendRecord(draft, { kind: 'itemDied', nodePath, deadLetterId, ...burial });
  return deadLetterId;
}

/** What a worker holds goes back: it is offered as the same attempt. */
export function giveBack(run: Run, draft: Draft, node: HeldNode, reason: string, notBeforeTime?: number): void {
  const { itemSequence } = node.item;
  appendRecord(draft, { kind: 'taskReleased', nodePath: node.path, itemSequence, reason });
  offerAgain(run, clientOf(run), draft, node, attemptOf(node), notBeforeTime);
}

/** Offers the item of a node once more: a work item always, a task while the run still stands there. */
export function offerAgain(
  run: Run,
  client: ClientState,
  draft: Draft,
  node: Pick<OpenNode, 'path'>,
  attempt: number,
  notBeforeTime: number | undefined,
): void {
  const facts = client.items.get(node.path);
  if (facts !== undefined) {
    const { queue, priority, tags } = facts;
    const nodePath = node.path;
    appendRecord(draft, {
      kind: 'taskScheduled',
      nodePath,
      attempt,
      input: undefined,
      queue,
      priority,
      tags,
      notBeforeTime,
    });
    return;
  }
  const taskId = maybeTaskId(node.path) ?? '';
  const task = maybeWanted(standOf(run, client), taskId);
  if (task !== undefined) offerTask(draft, taskId, laterTask(task, notBeforeTime), attempt);
}
