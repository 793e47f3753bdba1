import type { Failure } from '../model/failure.ts';
import type { LeaseExpiry } from '../model/lease.ts';
import type { Payload } from '../model/payload.ts';

/** Who a settle comes from: the worker that holds the node's item under this fence. */
export interface Holder {
  readonly nodePath: string;
  readonly workerId: string;
  /** Absent: whatever fence the worker's hold has. */
  readonly fence: bigint | undefined;
}

/** Claims a task of a CLIENT run. */
export interface ClaimTask {
  readonly kind: 'claimTask';
  readonly taskId: string;
  readonly workerId: string;
  /** Empty: no session keeps it. */
  readonly sessionId: string;
  /** At least 1 and larger than every fence before. */
  readonly fence: bigint;
  readonly expiry: LeaseExpiry;
}

/** Gives a claim back. */
export interface ReleaseClaim extends Holder {
  readonly kind: 'releaseClaim';
  /** The attempt failed: it counts. */
  readonly failed: boolean;
}

/** Holds longer: from now on for so long. */
export interface ExtendClaim extends Holder {
  readonly kind: 'extendClaim';
  readonly ttlMs: number;
}

/** An operator ends somebody's hold. */
export interface ForceRelease {
  readonly kind: 'forceRelease';
  readonly nodePath: string;
  /** Absent: whoever holds it. */
  readonly fence: bigint | undefined;
  readonly countsAttempt: boolean;
  readonly requestedBy: string;
  readonly reason: string;
}

/** Makes a work item. One that is known is left as it is. */
export interface EnqueueItem {
  readonly kind: 'enqueueItem';
  readonly itemId: string;
  readonly nodeId: string;
  /** As people name it. */
  readonly queue: string;
  readonly payload: Payload | undefined;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly notBeforeTime: number | undefined;
}

/** A work item is done. */
export interface CompleteWorkItem extends Holder {
  readonly kind: 'completeWorkItem';
  readonly output: Payload | undefined;
  /** It is a free item: nothing else happens under its id. */
  readonly endsRun: boolean;
}

/** An attempt of a work item failed. */
export interface FailWorkItem extends Holder {
  readonly kind: 'failWorkItem';
  readonly failure: Failure;
  /** Absent: the back-off of the attempt. */
  readonly retryAfterMs: number | undefined;
  readonly countsAttempt: boolean;
  /** It can never be handled. */
  readonly isPoison: boolean;
}

/** Makes a dead letter of an item that nobody holds, or that the caller holds, or whoever when an operator asks. */
export interface MoveToDeadLetter {
  readonly kind: 'moveToDeadLetter';
  readonly nodePath: string;
  /** Absent: nobody may hold it, or an operator asks. */
  readonly fence: bigint | undefined;
  readonly isOperator: boolean;
  readonly failure: Failure;
  readonly requestedBy: string;
}

/** Puts a dead letter back, at its first attempt. */
export interface RequeueDeadLetter {
  readonly kind: 'requeueDeadLetter';
  readonly deadLetterId: string;
  /** Absent: it is offered at once. */
  readonly notBeforeTime: number | undefined;
  readonly requestedBy: string;
}

/** Removes a dead letter with its item. None is fine. */
export interface PurgeDeadLetter {
  readonly kind: 'purgeDeadLetter';
  readonly deadLetterId: string;
  readonly requestedBy: string;
  /** It is a free item: nothing else happens under its id. */
  readonly endsRun: boolean;
}

/** What becomes of the tasks and work items of CLIENT runs. */
export type ClaimCommand =
  | ClaimTask
  | ReleaseClaim
  | ExtendClaim
  | ForceRelease
  | EnqueueItem
  | CompleteWorkItem
  | FailWorkItem
  | MoveToDeadLetter
  | RequeueDeadLetter
  | PurgeDeadLetter;
