import type { Divergence } from '../events/run-events.ts';
import type { Failure } from '../model/failure.ts';
import type { LeaseExpiry } from '../model/lease.ts';
import type { Payload } from '../model/payload.ts';

/** What a worker shows to act on an item. Other values than the run's are LEASE_LOST. */
export interface LeaseProof {
  readonly incarnation: string;
  readonly nodePath: string;
  readonly itemSequence: number;
  readonly fence: bigint;
}

/** Gives an item to a worker. */
export interface LeaseItem {
  readonly kind: 'leaseItem';
  readonly nodePath: string;
  readonly itemSequence: number;
  readonly workerId: string;
  readonly sessionId: string;
  /** At least 1 and larger than every fence before. */
  readonly fence: bigint;
  readonly expiry: LeaseExpiry;
}

/** Holds an item longer: from now on for so long, or again by heartbeats of the session. */
export interface ExtendLease {
  readonly kind: 'extendLease';
  readonly lease: LeaseProof;
  readonly ttlMs: number | undefined;
}

/** Gives an item back; its attempt does not count. The shell does it for a session that does not name the item. */
export interface ReleaseItem {
  readonly kind: 'releaseItem';
  readonly lease: LeaseProof;
  /** Not offered before so long. Absent: at once. */
  readonly retryAfterMs: number | undefined;
  readonly reason: string;
}

/** Gives the slot back because everything of the function waits. */
export interface YieldSlot {
  readonly kind: 'yieldSlot';
  readonly lease: LeaseProof;
  /** The last event that the worker is known to have heard of. 0: not known; what it was assigned with counts. */
  readonly knownSequence: number;
}

/** An item succeeded. For a function: the run completes, or its clean-up is over. */
export interface CompleteItem {
  readonly kind: 'completeItem';
  readonly lease: LeaseProof;
  readonly stepCount: number;
  readonly output: Payload | undefined;
}

/** An attempt of an item failed. */
export interface FailItem {
  readonly kind: 'failItem';
  readonly lease: LeaseProof;
  readonly stepCount: number;
  readonly failure: Failure;
  /** Not before so long; the policy may say later. */
  readonly retryAfterMs: number | undefined;
  /** The code came to another step than the log has. */
  readonly divergence: Divergence | undefined;
  /** From 0 up to 1, for the jitter. */
  readonly random: number;
}

/** A hold by heartbeat is over: the shell heard nothing of the session for too long. */
export interface ExpireLease {
  readonly kind: 'expireLease';
  readonly lease: LeaseProof;
}
