import type {
  CompleteWorkItem,
  EnqueueItem,
  FailWorkItem,
  Holder,
  MoveToDeadLetter,
  PurgeDeadLetter,
  RequeueDeadLetter,
} from '../commands/claim-commands.ts';
import { itemPath, itemQueue } from '../model/client-path.ts';
import { type ClientState, MAX_OPEN_ITEMS } from '../model/client-state.ts';
import { reasonOfWorker } from '../model/forced-release.ts';
import type { HeldNode, SettleKind } from '../model/open-node.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import { expiryBackoffMs } from '../retry/retry-policy.ts';
import { bury, clientOf, endAttempt, giveBack, heldBy, isHeldNode, offerAgain } from './client-holds.ts';
import { offerAfterResult } from './client-tasks.ts';
import { type Decision, DONE, nothing, rejected } from './decision.ts';
import { appended, appendRecord, createDraft } from './draft.ts';
import { runEnded } from './end.ts';

/** Makes a work item. An id that is known is left as it is, also when it was settled. */
export function decideEnqueueItem(run: Run, command: EnqueueItem, now: number): Decision {
  const nodePath = itemPath(command.itemId);
  const client = clientOf(run);
  if (client.items.has(nodePath)) return nothing({ kind: 'enqueued', isNew: false });
  if (isTerminal(run.status)) return rejected('RUN_TERMINAL', { state: run.status });
  if (openItems(client) >= MAX_OPEN_ITEMS) {
    return rejected('QUOTA_EXCEEDED', { limit: 'items', maximum: String(MAX_OPEN_ITEMS) });
  }
  const { nodeId, maxAttempts, payload, priority, tags, notBeforeTime, queue } = command;
  const draft = createDraft(run, now);
  appendRecord(draft, {
    kind: 'itemEnqueued',
    nodePath,
    nodeId,
    maxAttempts,
    attempt: 1,
    input: payload,
    queue: itemQueue(queue),
    priority,
    tags,
    notBeforeTime,
  });
  return appended(draft, { kind: 'enqueued', isNew: true });
}

function openItems({ items, settled }: ClientState): number {
  let count = items.size;
  if (count < MAX_OPEN_ITEMS) return count;
  for (const path of settled) if (items.has(path)) count -= 1;
  return count;
}

/** The item that a worker holds, or what it is told instead: the same settle again changes nothing [15, 16]. */
function held(run: Run, holder: Holder, repeats: readonly SettleKind[]): HeldNode | Decision {
  const { nodePath, fence } = holder;
  const client = clientOf(run);
  if (!client.items.has(nodePath)) return rejected('ITEM_NOT_FOUND');
  const found = heldBy(run, holder);
  if (isHeldNode(found)) return found;
  const settled = run.nodes.get(nodePath)?.settled;
  if (settled !== undefined && settled.fence === fence && repeats.includes(settled.kind)) {
    return nothing({ kind: 'settledItem', deadLetterId: client.dead.get(nodePath)?.deadLetterId ?? '' });
  }
  return rejected('LEASE_LOST');
}

/** A work item is done; what it gave is kept, as the result of the task that it is for, which is not offered any more. */
export function decideCompleteWorkItem(run: Run, command: CompleteWorkItem, now: number): Decision {
  const node = held(run, command, ['completed']);
  if (!isHeldNode(node)) return node;
  const draft = createDraft(run, now);
  const { workerId, output } = command;
  appendRecord(draft, { kind: 'taskCompleted', nodePath: node.path, output, attempt: node.item.attempt, workerId });
  const client = clientOf(run);
  const doneTask = client.items.get(node.path)?.nodeId ?? '';
  if (doneTask !== '') offerAfterResult(run, client, draft, doneTask, false);
  if (command.endsRun) appendRecord(draft, runEnded('COMPLETED', {}));
  return appended(draft, { kind: 'settledItem', deadLetterId: '' });
}

/** An attempt of a work item failed: it comes back after its back-off, or becomes a dead letter [66, 67, 68]. */
export function decideFailWorkItem(run: Run, command: FailWorkItem, now: number): Decision {
  const node = held(run, command, ['failed', 'released']);
  if (!isHeldNode(node)) return node;
  const draft = createDraft(run, now);
  const { failure, workerId, retryAfterMs, isPoison } = command;
  if (!command.countsAttempt && !isPoison) {
    giveBack(
      run,
      draft,
      node,
      reasonOfWorker(failure.type),
      retryAfterMs === undefined ? undefined : now + retryAfterMs,
    );
    return appended(draft, { kind: 'settledItem', deadLetterId: '' });
  }
  const deadLetterId = endAttempt(run, draft, node, {
    failure,
    workerId,
    retryTime: now + (retryAfterMs ?? expiryBackoffMs(node.failures + node.expiries + 1)),
    deadReason: isPoison ? 'POISON' : 'EXHAUSTED',
    isFinal: isPoison,
  });
  return appended(draft, { kind: 'settledItem', deadLetterId });
}

/** Makes a dead letter of an item, or of a task, that nobody holds, that the caller holds, or that an operator takes. */
export function decideMoveToDeadLetter(run: Run, command: MoveToDeadLetter, now: number): Decision {
  const { nodePath, fence, failure, requestedBy } = command;
  const known = clientOf(run).dead.get(nodePath);
  if (known !== undefined) return nothing({ kind: 'settledItem', deadLetterId: known.deadLetterId });
  const item = run.nodes.get(nodePath)?.item;
  if (item === undefined) return rejected('ITEM_NOT_FOUND');
  const isHolder = fence !== undefined && item.lease?.fence === fence;
  const isFree = item.lease === undefined && fence === undefined;
  if (!isHolder && !isFree && !(command.isOperator && fence === undefined)) return rejected('LEASE_LOST');
  const draft = createDraft(run, now);
  const burial = { failure, reason: 'MOVED', movedBy: requestedBy } as const;
  return appended(draft, {
    kind: 'settledItem',
    deadLetterId: bury(run, draft, nodePath, item.itemSequence, burial),
  });
}

/** Puts a dead letter back at its first attempt [66]. */
export function decideRequeueDeadLetter(run: Run, command: RequeueDeadLetter, now: number): Decision {
  const client = clientOf(run);
  const nodePath = maybeDeadPath(client, command.deadLetterId);
  if (nodePath === undefined) return rejected('DEAD_LETTER_NOT_FOUND');
  if (isTerminal(run.status)) return rejected('RUN_TERMINAL', { state: run.status });
  const draft = createDraft(run, now);
  const { requestedBy, notBeforeTime } = command;
  appendRecord(draft, { kind: 'taskRequeued', nodePath, itemSequence: 0, requestedBy });
  offerAgain(run, client, draft, { path: nodePath }, 1, notBeforeTime);
  return appended(draft, { kind: 'requeued', nodePath });
}

/** Removes a dead letter with its item. */
export function decidePurgeDeadLetter(run: Run, command: PurgeDeadLetter, now: number): Decision {
  const nodePath = maybeDeadPath(clientOf(run), command.deadLetterId);
  if (nodePath === undefined || isTerminal(run.status)) return nothing(DONE);
  const { requestedBy } = command;
  const draft = createDraft(run, now);
  appendRecord(draft, { kind: 'deadLetterPurged', nodePath, requestedBy });
  if (command.endsRun) appendRecord(draft, runEnded('TERMINATED', { requestedBy }));
  return appended(draft, DONE);
}

function maybeDeadPath({ dead }: ClientState, deadLetterId: string): string | undefined {
  for (const [path, node] of dead) if (node.deadLetterId === deadLetterId) return path;
  return undefined;
}
