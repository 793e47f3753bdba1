import type { ExpireLease, ExtendLease, LeaseItem } from '../commands/item-commands.ts';
import { isHeldBack } from '../model/client-tasks.ts';
import { engineFailure } from '../model/failure.ts';
import type { Lease } from '../model/lease.ts';
import { attemptOf, type HeldNode } from '../model/open-node.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import { expiryBackoffMs } from '../retry/retry-policy.ts';
import { endAttempt } from './client-holds.ts';
import { type Decision, DONE, nothing, rejected } from './decision.ts';
import { append, appended, appendItem, createDraft, type Draft } from './draft.ts';
import { heldNode, refuseProof } from './lease-check.ts';
import { scheduleFunction } from './schedule.ts';

/**
 * Gives an item to a worker. ITEM_NOT_FOUND: it is not offered (unknown, paused, before its time); LEASE_LOST: somebody
 * has it, or the fence is not larger than every one before. The same lease again is answered with the lease.
 */
export function decideLeaseItem(run: Run, command: LeaseItem, now: number): Decision {
  if (isTerminal(run.status)) return rejected('RUN_TERMINAL', { state: run.status });
  const item = run.nodes.get(command.nodePath)?.item;
  if (item === undefined || item.itemSequence !== command.itemSequence) return rejected('ITEM_NOT_FOUND');
  if (item.lease !== undefined) {
    if (item.lease.fence !== command.fence || item.lease.sessionId !== command.sessionId) return rejected('LEASE_LOST');
    return nothing({ kind: 'lease', lease: item.lease });
  }
  if (isHeldBack(run) || (item.notBeforeTime ?? 0) > now) return rejected('ITEM_NOT_FOUND');
  if (command.fence < 1n || command.fence <= run.lastFence) return rejected('LEASE_LOST');
  const lease = leaseFrom(command, command.itemSequence, now);
  const draft = createDraft(run, now);
  appendItem(run, draft, { kind: 'taskLeased', nodePath: command.nodePath, lease, attempt: item.attempt });
  return appended(draft, { kind: 'lease', lease });
}

/** The hold that a worker gets of an item. */
export function leaseFrom(
  { workerId, sessionId, fence, expiry }: Pick<LeaseItem, 'workerId' | 'sessionId' | 'fence' | 'expiry'>,
  itemSequence: number,
  now: number,
): Lease {
  return {
    itemSequence,
    workerId,
    sessionId,
    fence,
    leaseTime: now,
    expireTime: expiry.kind === 'ttl' ? now + expiry.ttlMs : undefined,
    noExpiry: expiry.kind === 'noExpiry',
  };
}

/** Sets the end of a hold to now + ttl, or back to the session's heartbeats. One without expiry stays as it is [11]. */
export function decideExtendLease(run: Run, command: ExtendLease, now: number): Decision {
  const node = heldNode(run, command.lease);
  if (node === undefined) return refuseProof(run, command.lease, undefined);
  const before = node.item.lease;
  const expireTime = command.ttlMs === undefined ? undefined : now + command.ttlMs;
  if (before.noExpiry || before.expireTime === expireTime) return nothing({ kind: 'lease', lease: before });
  const lease: Lease = { ...before, expireTime };
  const draft = createDraft(run, now);
  appendItem(run, draft, { kind: 'taskLeased', nodePath: node.path, lease, attempt: node.item.attempt });
  return appended(draft, { kind: 'lease', lease });
}

/**
 * A session was silent for too long. A hold that somebody else has by now, or that does not live by heartbeats, is left
 * alone.
 */
export function decideExpireLease(run: Run, command: ExpireLease, now: number): Decision {
  const node = heldNode(run, command.lease);
  if (node === undefined || node.item.lease.noExpiry || node.item.lease.expireTime !== undefined) return nothing(DONE);
  const draft = createDraft(run, now);
  expireLease(run, draft, node);
  return appended(draft, DONE);
}

/**
 * The one path on which a lease ends by itself [64, 65]: the attempt counts and the next one waits. A function is never
 * given up for it; a step record resets its count. A task or a work item of a CLIENT run is, after its last attempt.
 */
export function expireLease(run: Run, draft: Draft, node: HeldNode): void {
  const failure = engineFailure('LEASE_EXPIRED', `worker ${node.item.lease.workerId} was not heard in time`);
  if (run.client !== undefined) {
    const retryTime = draft.time + expiryBackoffMs(node.failures + node.expiries + 1);
    endAttempt(run, draft, node, { failure, workerId: '', retryTime, deadReason: 'EXPIRED' });
    return;
  }
  const retryTime = draft.time + expiryBackoffMs(node.expiries + 1);
  append(draft, {
    kind: 'taskFailed',
    nodePath: node.path,
    failure,
    attempt: node.item.attempt,
    retryTime,
    workerId: '',
  });
  scheduleFunction(run, draft, attemptOf(node) + 1, retryTime);
}
