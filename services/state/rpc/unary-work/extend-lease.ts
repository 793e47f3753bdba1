import type { WorkExtended, WorkExtension } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { CancelNotice } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { Lease } from '#libs/engine/model/lease.ts';
import type { StepId } from '#libs/engine/model/step-id.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { isBegun, noteDetails, noteStepHeard, wasHeard } from '#libs/partition/runs/run-heartbeats.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { StateContext } from '../context.ts';
import { abortToProto, noticeToProto } from '../wire/assignment.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';
import { payloadFromProto } from '../wire/payload.ts';
import { stepIdFromProto } from '../wire/step-id.ts';
import { maybeTimestampFromTime } from '../wire/timestamp.ts';
import { atField } from './at-field.ts';
import { abortNotice, maybeCancelNotice } from './cancel-notice.ts';
import { leasedRunFrom, proofFrom } from './leased-run.ts';
import { createSettler } from './settle-frames.ts';

/** How long a lease holds from now on, where nobody says otherwise. */
export const DEFAULT_TTL_MS = 30_000;

/** Refusals that say that the lease is the caller's no more. */
const LOST: ReadonlySet<string> = new Set([
  'LEASE_LOST',
  'ITEM_NOT_FOUND',
  'RUN_NOT_FOUND',
  'RUN_TERMINAL',
  'WRONG_DRIVER',
  'QUARANTINED',
]);

/**
 * Extends one lease, and notes what its worker says of the attempt. A lease that lives by the heartbeats of a stream goes
 * on doing so unless a ttl is named.
 *
 * @param ttlMs what the request says for leases without an own ttl. Absent: nothing.
 * @param path where the extension stands in the request.
 */
export async function extendLease(
  context: StateContext,
  { tenantId, signal }: CallContext,
  extension: WorkExtension,
  ttlMs: number | undefined,
  path: string,
): Promise<WorkExtended> {
  const { step: named } = extension;
  const step = named === undefined ? undefined : atField(`${path}.step`, () => stepIdFromProto(named));
  const ownTtlMs = maybeMsFromDuration(extension.ttl) ?? ttlMs;
  try {
    const target = leasedRunFrom(tenantId, extension.lease, 'ITEM_NOT_FOUND');
    const settled = await createSettler(context, target, signal).maybePayload(extension.details);
    const details = payloadFromProto(settled, `${path}.details`);
    const key = { tenantId, runId: target.runId };
    return await ask(context.node.partitionOf(key), key, {
      intent: 'extendLease',
      act: (visit) => {
        const { hot } = visit;
        if (hot === undefined) return lost(abortToProto(0, 'RUN_NOT_FOUND'));
        const proof = proofFrom(hot.run, target.lease, 'LEASE_LOST');
        const held = hot.run.nodes.get(proof.nodePath)?.item?.lease;
        const isByHeartbeat = held !== undefined && held.expireTime === undefined;
        const result = visit.perform({
          kind: 'extendLease',
          lease: proof,
          ttlMs: ownTtlMs ?? (isByHeartbeat ? undefined : DEFAULT_TTL_MS),
        });
        if (result.kind === 'rejected' || result.reply.kind !== 'lease') return lost(abortNotice(hot.run));
        const { lease } = result.reply;
        noteHeard(context, lease);
        if (details !== undefined) noteDetails(hot, proof.nodePath, details);
        if (step !== undefined) noteStepHeard(hot, step, context.node.clock.monotonic());
        return extended(lease, maybeCancelNotice(hot.run) ?? maybeStepTimeout(hot, step));
      },
    });
  } catch (error) {
    if (!(error instanceof DomainError) || !LOST.has(error.reason)) throw error;
    return lost(abortToProto(0, error.reason));
  }
}

/** Keeps the session of a lease that lives by its heartbeats. */
function noteHeard({ node }: StateContext, { sessionId, expireTime, noExpiry }: Lease): void {
  if (expireTime !== undefined || noExpiry) return;
  const session = node.dispatch.maybeSession(sessionId);
  if (session !== undefined) node.dispatch.heard(session);
}

/** A step that was under way when it was heard of before, and is not any more, has been timed out by the server. */
function maybeStepTimeout(hot: HotRun, step: StepId | undefined): CancelNotice | undefined {
  if (step === undefined || isBegun(hot, step) || !wasHeard(hot, step)) return undefined;
  return noticeToProto(0, { kind: 'stepTimeout', step });
}

function extended({ expireTime }: Lease, cancel: CancelNotice | undefined): WorkExtended {
  return {
    $typeName: 'millrace.state.v1.WorkExtended',
    expireTime: maybeTimestampFromTime(expireTime),
    lost: false,
    cancel,
  };
}

function lost(cancel: CancelNotice): WorkExtended {
  return { $typeName: 'millrace.state.v1.WorkExtended', expireTime: undefined, lost: true, cancel };
}
