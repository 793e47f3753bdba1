import type { DeadLetterKey, DeadLetterRow } from './dead-letters.ts';
import type { HeadRow, PastHeadRow } from './heads.ts';
import type { ItemKey, ItemRow } from './items.ts';
import type { IncarnationKey, RunKey } from './keys.ts';
import type { OutboxKey, OutboxRow } from './outbox.ts';
import type { RequestIdKey, RequestIdRow } from './request-ids.ts';
import type { SegmentRow } from './segments.ts';
import type { SignalKey, SignalRow } from './signals.ts';
import type { SnapshotRow } from './snapshots.ts';

/** The rows that a partition's owner writes behind its journal, by table. */
export interface OwnedRows {
  readonly heads: { readonly row: HeadRow; readonly key: RunKey };
  readonly pastHeads: { readonly row: PastHeadRow; readonly key: IncarnationKey };
  readonly segments: { readonly row: SegmentRow; readonly key: Pick<SegmentRow, keyof IncarnationKey | 'segment'> };
  readonly snapshots: { readonly row: SnapshotRow; readonly key: Pick<SnapshotRow, keyof IncarnationKey | 'version'> };
  readonly items: { readonly row: ItemRow; readonly key: ItemKey };
  readonly signals: { readonly row: SignalRow; readonly key: SignalKey };
  readonly deadLetters: { readonly row: DeadLetterRow; readonly key: DeadLetterKey };
  readonly outbox: { readonly row: OutboxRow; readonly key: OutboxKey };
  readonly requestIds: { readonly row: RequestIdRow; readonly key: RequestIdKey };
}

/** The tables that an owner writes. */
export type OwnedTable = keyof OwnedRows;

/** A row to write. */
export interface RowPut<T extends OwnedTable> {
  readonly table: T;
  readonly put: OwnedRows[T]['row'];
  /** Says that no row of that key was ever written: a hint that makes some stores faster and none wrong. */
  readonly isNew?: boolean;
}

/** A row to delete. */
export interface RowDelete<T extends OwnedTable> {
  readonly table: T;
  readonly delete: OwnedRows[T]['key'];
}

/** One write of a round. */
export type RowWrite<T extends OwnedTable = OwnedTable> = { readonly [N in T]: RowPut<N> | RowDelete<N> }[T];

/** What a round of writes stands for. */
export interface RowStamp {
  /** The journal position that the rows reflect. A row that has an equal or higher one is left as it is. */
  readonly position: number;
  /** When, in milliseconds since 1970, for the age of tombstones. */
  readonly time: number;
}

/**
 * Writes rows behind the journal. What it wrote is read by whoever reads then, but a power cut may take the last of it
 * until a checkpoint is written, as if the process had ended earlier: it is written again from the journal. [journal.md 15]
 */
export interface RowWriter {
  /**
   * Writes each row unless a newer one stands, and a tombstone in place of each deleted row, so that a late round of an
   * old owner changes nothing. Safe to repeat; rows of one call may become visible at different moments, and a key
   * stands in a call once at most.
   *
   * @throws the signal's reason when it aborts; some of the rows may be written.
   */
  writeRows(stamp: RowStamp, writes: readonly RowWrite[], signal: AbortSignal): Promise<void>;
  /**
   * Deletes what belongs to an incarnation: the bulk of what DeleteRun and retention remove. First its head, if that is
   * of this incarnation or there is none, and its past head become tombstones; then its segments, snapshots, items,
   * signals and dead letters go for good, at most `limit` rows a call. Answers whether nothing is left. Request ids
   * stay. In a round it comes after the writes, so that the head of a newer incarnation stands when it looks.
   */
  deleteIncarnation(stamp: RowStamp, key: IncarnationKey, limit: number): Promise<boolean>;
  /** Removes tombstones that are older than a time; at most `limit`; answers how many. */
  purgeTombstones(before: number, limit: number): Promise<number>;
}
