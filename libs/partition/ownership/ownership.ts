import type { Logger } from '#libs/logger/logger.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { Clock } from '../timers/clock.ts';
import type { MemberFacts } from './member-facts.ts';
import type { OwnershipTiming } from './timing.ts';

/** What serves the partitions that are owned. */
export interface PartitionHost {
  /**
   * Recovers a partition and serves it; `onServing` is called as soon as calls of it are answered, which may be before
   * all work is done. Rejects with DATA_CORRUPTION where its records cannot be read.
   */
  takeOver(partition: number, epoch: number, signal: AbortSignal, onServing: () => void): Promise<void>;
  /** Prepares a hand-over while a partition is served, so that whoever takes it has little to read. */
  catchUp(partition: number): Promise<void>;
  /** Stops serving it, with everything that was decided in its journal. */
  release(partition: number): Promise<void>;
  /** Drops all memory of it at once; nothing where it is not served. */
  drop(partition: number): void;
  /** Tells what was held back while the lease did not allow it. */
  answerHeld(partition: number): void;
}

/** What ownership is made of. */
export interface OwnershipOptions {
  readonly node: PartitionHost;
  readonly tables: Pick<StateTables, 'leases' | 'members'>;
  readonly clock: Clock;
  /** New with every start of the process, so that what was written under it was written by this process. */
  readonly nodeId: string;
  readonly self: MemberFacts;
  readonly partitionCount: number;
  /** The format that this node writes partitions in. */
  readonly format: number;
  /** Whether the store proves that nobody else has it open, so that no lease is waited for. Default false. */
  readonly isExclusive?: boolean;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly timing?: Partial<OwnershipTiming>;
  /** Numbers from 0 up to 1, which spread renewals. Default Math.random. */
  readonly random?: () => number;
}

/** Where calls of a partition go. */
export type Owner =
  | { readonly kind: 'self' }
  | { readonly kind: 'peer'; readonly nodeId: string; readonly address: string }
  /** It is on its way from one node to another, or its owner is gone: wait for a change. */
  | { readonly kind: 'nobody' }
  /** This node owns it and cannot read its records: calls are refused with DATA_CORRUPTION. [journal.md 14] */
  | { readonly kind: 'faulted' };

/** A node, and what it owns. */
export interface MemberView extends MemberFacts {
  readonly nodeId: string;
  readonly isDraining: boolean;
  /** The partitions whose leases have its name, in order. */
  readonly partitions: readonly number[];
}

/** The nodes as this one sees them. */
export interface MembersView {
  /** Grows with every change. It begins with the time of the start, so that those of two nodes are hardly ever equal. */
  readonly revision: number;
  readonly partitionCount: number;
  /** By id. */
  readonly members: readonly MemberView[];
}

/** Which partitions this node owns, and who owns the others. */
export interface Ownership extends AsyncDisposable {
  readonly partitionCount: number;
  /**
   * Joins the members and begins to take what falls to this node. Answers once that is served, or at once where others
   * own it. While the store fails it is tried again.
   *
   * @throws the signal's reason when it aborts.
   */
  start(signal: AbortSignal): Promise<void>;
  /** Whether an answer of a partition may leave at this moment. Cheap. [journal.md 11] */
  mayAnswer(partition: number): boolean;
  /** Where calls of a partition go. Cheap. */
  ownerOf(partition: number): Owner;
  members(): MembersView;
  /** Calls a function after every change of what `ownerOf` or `members` answer. Answers how to stop. */
  onChange(listener: () => void): () => void;
  /** Says that something changed: the rows are looked at now and not only when it is time. Cheap, and safe to repeat. */
  nudge(): void;
  /**
   * Hands everything over to the other nodes and takes nothing more; who owns what is still told. Answers when nothing
   * is owned, or the signal aborts: then what is left is dropped, as in a crash but with the leases freed.
   */
  drain(signal: AbortSignal): Promise<void>;
  /** The node does not serve a partition any more: somebody else wrote to it, or its records are broken. */
  onLost(partition: number, error?: unknown): void;
}
