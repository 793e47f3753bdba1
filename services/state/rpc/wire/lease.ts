import type { Lease as LeaseMessage, LeaseRef } from '#gen/millrace/state/v1/lease_pb.ts';
import type { LeaseProof } from '#libs/engine/commands/item-commands.ts';
import { itemIdFrom, type Lease, maybeItemSequence } from '#libs/engine/model/lease.ts';
import { ROOT } from '#libs/engine/model/run.ts';
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

/** Stands where an id names no item of its incarnation: items are numbered from 1, so that nobody holds it. */
const NO_ITEM = 0;

/**
 * What a lease that a call names proves about an item of a run. The id of an item does not say which node it belongs to;
 * a function's is the root. An id that names no item of the incarnation proves nothing of any.
 */
export function leaseProofFromProto(ref: LeaseRef, nodePath: string = ROOT): LeaseProof {
  const { incarnation, itemId, fence } = ref;
  return { incarnation, nodePath, itemSequence: maybeItemSequence(incarnation, itemId) ?? NO_ITEM, fence };
}
