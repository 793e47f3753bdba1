import type { Ownership } from '#libs/partition/ownership/ownership.ts';
import { partitionOfSlot, slotOf } from '#libs/store/slots.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { Peers } from './peers.ts';

/** What calls are passed on by. */
export interface Forwarding {
  readonly ownership: Pick<Ownership, 'partitionCount' | 'ownerOf' | 'onChange' | 'nudge'>;
  readonly peers: Pick<Peers, 'channelTo' | 'isConnected'>;
  /** Makes the `request_id` of a call that is passed on without one. */
  readonly newId: () => string;
  /** How long a call waits in all for an owner, if its caller waits so long. Default 15 000. */
  readonly maxWaitMs?: number;
}

/** A crash costs a lease of 10 s, a look and a recovery. */
export const MAX_WAIT_MS = 15_000;

/** Nodes that may pass a call on. The second one has heard of a change that the first had not. */
export const MAX_HOPS = 2;

/** The partition of a run, or of an item without a run by its id. */
export function partitionOfKey({ tenantId, runId }: RunKey, partitionCount: number): number {
  return partitionCount === 1 ? 0 : partitionOfSlot(slotOf(tenantId, runId), partitionCount);
}
