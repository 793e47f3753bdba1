import type { Lease as LeaseMessage, LeaseRef } from '#gen/millrace/state/v1/lease_pb.ts';
import type { LeaseProof } from '#libs/engine/commands/item-commands.ts';
import { itemIdFrom, type Lease, maybeItemSequence } from '#libs/engine/model/lease.ts';
import { ROOT } from '#libs/engine/model/run.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { namedSessionId } from '#libs/partition/dispatch/named-session-id.ts';
import { maybeTimestampFromTime, timestampFromTime } from './timestamp.ts';

/** Names an incarnation where the tenant goes without saying. */
export interface RunRef {
  readonly runId: string;
  readonly incarnation: string;
}

/** A lease on the wire. */
export function leaseToProto(lease: Lease, { runId, incarnation }: RunRef, nodePath: string): LeaseMessage {
  const { itemSequence, workerId, sessionId, fence, leaseTime, expireTime, noExpiry } = lease;
  return {
    $typeName: 'millrace.state.v1.Lease',
    runId,
    incarnation,
    taskId: nodePath,
    itemId: itemIdFrom(incarnation, itemSequence),
    workerId,
    sessionId: namedSessionId(sessionId),
    fence,
    leaseTime: timestampFromTime(leaseTime),
    expireTime: maybeTimestampFromTime(expireTime),
    noExpiry,
  };
}

/** The hold that a call names, when it is this one: same incarnation, item and fence. Undefined: it is another. */
export function maybeProofFromRef(ref: LeaseRef, held: LeaseProof): LeaseProof | undefined {
  if (ref.fence !== held.fence || ref.incarnation !== held.incarnation) return undefined;
  return maybeItemSequence(ref.incarnation, ref.itemId) === held.itemSequence ? held : undefined;
}

/**
 * What a lease that a call names proves about an item of a run. The id of an item does not say which node it belongs to;
 * a function's is the root.
 *
 * @throws LEASE_LOST for an id that names no item of the incarnation: nobody can hold it.
 */
export function leaseProofFromProto(ref: LeaseRef, nodePath: string = ROOT): LeaseProof {
  const { runId, incarnation, itemId, fence } = ref;
  const itemSequence = maybeItemSequence(incarnation, itemId);
  if (itemSequence === undefined) {
    throw new DomainError('LEASE_LOST', `item ${itemId} is none of run ${runId}`, { metadata: { run_id: runId } });
  }
  return { incarnation, nodePath, itemSequence, fence };
}
