import type { OwnedRows, OwnedTable } from '#libs/store/tables/row-writer.ts';
import { DEAD_LETTER_SPEC } from './dead-letters.ts';
import { HEAD_SPEC } from './heads.ts';
import { ITEM_SPEC } from './items.ts';
import { OUTBOX_SPEC } from './outbox.ts';
import { PAST_HEAD_SPEC } from './past-heads.ts';
import { REQUEST_ID_SPEC } from './request-ids.ts';
import type { RowSpec } from './rows.ts';
import { SEGMENT_SPEC } from './segments.ts';
import { SIGNAL_SPEC } from './signals.ts';
import { SNAPSHOT_SPEC } from './snapshots.ts';

/** How the rows are documents that an owner writes behind its journal. */
export const OWNED_SPECS: { readonly [T in OwnedTable]: RowSpec<OwnedRows[T]['row'], OwnedRows[T]['key']> } = {
  heads: HEAD_SPEC,
  pastHeads: PAST_HEAD_SPEC,
  segments: SEGMENT_SPEC,
  snapshots: SNAPSHOT_SPEC,
  items: ITEM_SPEC,
  signals: SIGNAL_SPEC,
  deadLetters: DEAD_LETTER_SPEC,
  outbox: OUTBOX_SPEC,
  requestIds: REQUEST_ID_SPEC,
};

/** The collections whose rows go with their incarnation. */
export const INCARNATION_COLLECTIONS: readonly string[] = [
  SEGMENT_SPEC.collection,
  SNAPSHOT_SPEC.collection,
  ITEM_SPEC.collection,
  SIGNAL_SPEC.collection,
  DEAD_LETTER_SPEC.collection,
];
