import type { ClaimTask, ExtendClaim, ForceRelease, ReleaseClaim } from '../commands/claim-commands.ts';
import { taskPath } from '../model/client-path.ts';
import { awaitsSignal, isHeldBack, maybeWanted, standOf, type WantedTask } from '../model/client-tasks.ts';
import { engineFailure } from '../model/failure.ts';
import { FORCED } from '../model/forced-release.ts';
import type { Lease } from '../model/lease.ts';
import { attemptOf } from '../model/open-node.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import { clientOf, endAttempt, giveBack, heldBy, isHeldNode } from './client-holds.ts';
import { offerTask } from './client-tasks.ts';
import { type Decision, nothing, rejected } from './decision.ts';
import { appended, appendRecord, createDraft } from './draft.ts';
import { leaseFrom } from './leases.ts';

/**
 * Gives a task to a worker, also one that the run does not stand at: the runtime knows what is to be done. Nobody gets
 * what somebody has, what has a result already, what is a dead letter, what a delay or a signal holds back, or anything
 * of a run that is held or has a control pending [10, 25]. The back-off after an expiry only keeps a task from being found.
 */
export function decideClaimTask(run: Run, command: ClaimTask, now: number): Decision {
  if (isTerminal(run.status)) return rejected('RUN_TERMINAL', { state: run.status });
  const client = clientOf(run);
  const { taskId, fence } = command;
  const path = taskPath(taskId);
  const node = run.nodes.get(path);
  const stand = standOf(run, client);
  const task = maybeWanted(stand, taskId);
  const isTaken =
    node?.item?.lease !== undefined || client.dead.has(path) || (client.done.has(taskId) && task === undefined);
  const isEarly = (task?.notBeforeTime ?? 0) > now || awaitsSignal(stand, taskId);
  if (isTaken || isEarly || isHeldBack(run)) return nothing({ kind: 'claim', lease: undefined });
  if (fence < 1n || fence <= run.lastFence) return rejected('LEASE_LOST');
  const draft = createDraft(run, now);
  const attempt = node === undefined ? 1 : attemptOf(node);
  const itemSequence = node?.item?.itemSequence ?? offerTask(draft, taskId, task ?? unwanted(run), attempt);
  const lease = leaseFrom(command, itemSequence, now);
  appendRecord(draft, { kind: 'taskLeased', nodePath: path, lease, attempt });
  return appended(draft, { kind: 'claim', lease });
}

function unwanted({ priority }: Run): WantedTask {
  return { notBeforeTime: undefined, priority, tags: [] };
}

/** Gives a claim back; the attempt counts only if it failed, and then the task comes last for this worker [12, 24]. */
export function decideReleaseClaim(run: Run, command: ReleaseClaim, now: number): Decision {
  const node = heldBy(run, command);
  if (!isHeldNode(node)) {
    // A hold that its worker ended already, by a result or by a release, is over: that is what is asked for.
    const isOver = command.fence !== undefined && run.nodes.get(command.nodePath)?.settled?.fence === command.fence;
    return isOver ? nothing({ kind: 'ready', time: now }) : node;
  }
  const draft = createDraft(run, now);
  if (command.failed) {
    const failure = engineFailure('CLAIM_FAILED', `worker ${command.workerId} said that it failed`);
    const deadReason = 'EXHAUSTED';
    endAttempt(run, draft, node, { failure, workerId: command.workerId, retryTime: undefined, deadReason });
  } else {
    giveBack(run, draft, node, '');
  }
  return appended(draft, { kind: 'ready', time: now });
}

/** Sets the end of a hold to now + ttl. One without expiry keeps none [11, 13]. */
export function decideExtendClaim(run: Run, command: ExtendClaim, now: number): Decision {
  const node = heldBy(run, command);
  if (!isHeldNode(node)) return node;
  const before = node.item.lease;
  const expireTime = now + command.ttlMs;
  if (before.noExpiry || before.expireTime === expireTime) return nothing({ kind: 'lease', lease: before });
  const lease: Lease = { ...before, expireTime };
  const draft = createDraft(run, now);
  appendRecord(draft, { kind: 'taskLeased', nodePath: node.path, lease, attempt: node.item.attempt });
  return appended(draft, { kind: 'lease', lease });
}

/** An operator ends a hold, whoever has it. */
export function decideForceRelease(run: Run, command: ForceRelease, now: number): Decision {
  const lease = run.nodes.get(command.nodePath)?.item?.lease;
  if (lease === undefined) return rejected('LEASE_NOT_FOUND');
  const node = heldBy(run, { nodePath: command.nodePath, workerId: lease.workerId, fence: command.fence });
  if (!isHeldNode(node)) return node;
  const draft = createDraft(run, now);
  if (command.countsAttempt) {
    const failure = engineFailure('FORCE_RELEASED', command.reason);
    endAttempt(run, draft, node, { failure, workerId: '', retryTime: undefined, deadReason: 'EXHAUSTED' });
  } else {
    giveBack(run, draft, node, `${FORCED}${command.requestedBy}`);
  }
  return appended(draft, { kind: 'lease', lease });
}
