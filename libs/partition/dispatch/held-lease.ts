import type { LeaseProof } from '#libs/engine/commands/item-commands.ts';
import type { Notice } from '#libs/engine/effects/effect.ts';
import type { Event } from '#libs/engine/events/event.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import type { HotRun } from '../runs/hot-run.ts';

/** Who serves the run of an item: its partition. */
export interface ItemOwner {
  /** Gives an item that was claimed to the worker; if it is not to be had any more, the credit comes back. */
  leaseClaimed(entry: ReadyEntry, worker: WorkerRef): void;
}

/** A session of a worker, as leases name it. */
export interface WorkerRef {
  readonly sessionId: string;
  readonly workerId: string;
}

/** A worker's hold on an item of a run, as long as it lasts. */
export interface HeldLease {
  readonly owner: ItemOwner;
  readonly key: RunKey;
  readonly proof: LeaseProof;
  /** The session that has it: the one that it was leased to, or one that took it over for the same worker. */
  worker: WorkerRef;
  /** What names it on the worker's stream. 0: the worker has not been told of it, or not on this stream. */
  handle: number;
}

/** What a worker is given with an item. */
export interface AssignmentFacts {
  readonly workflow: string;
  readonly version: string;
  readonly definitionHash: string;
  readonly input: Payload | undefined;
  readonly attempt: number;
  readonly lastSequence: number;
  readonly stepCount: number;
  readonly history: readonly Event[];
  readonly hasMoreHistory: boolean;
  readonly queue: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly cancelling: boolean;
  readonly cleanupDeadlineTime: number;
  readonly runDeadlineTime: number;
  readonly scheduleTime: number;
  readonly traceparent: string;
  /** What the last attempt said with its heartbeats. Absent: nothing. */
  readonly heartbeatDetails?: Payload | undefined;
}

/** What an operator says to a worker that is to take no new work. */
export interface DrainOrder {
  /** How long it may go on with what it has. */
  readonly graceMs: number;
  readonly reason: string;
}

/** The way to a worker that is connected. What is sent over it is durable. */
export interface WorkerLink {
  assign(held: HeldLease, facts: AssignmentFacts, hot: HotRun): void;
  /** A hold of the session was found that this owner did not know of. Absent: what is not named stays with the worker. */
  readonly found?: (held: HeldLease) => void;
  /** Something came for a run that the worker has. */
  wake(held: HeldLease, events: readonly Event[], lastSequence: number): void;
  tell(held: HeldLease, notice: Notice): void;
  /** The hold was ended by the server: nothing of it is accepted any more. */
  revoke(held: HeldLease, reason: string): void;
  /** An operator wants it to take no new work, or, with `undo`, to take some again. */
  drain(graceMs: number, reason: string, undo: boolean): void;
}
