import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import type { RowStamp } from '#libs/store/tables/row-writer.ts';
import type { Values } from '../tables/tables-file.ts';
import type { PackedError } from './packed-error.ts';
import type { PackedWrites } from './packed-writes.ts';

/** What the thread is asked for, besides its end. */
export type ThreadOrder =
  | { readonly kind: 'rows'; readonly stamp: RowStamp; readonly writes: PackedWrites }
  | { readonly kind: 'bury'; readonly stamp: RowStamp; readonly key: IncarnationKey }
  | { readonly kind: 'drop'; readonly key: IncarnationKey; readonly most: number }
  | { readonly kind: 'purge'; readonly before: number; readonly most: number }
  | { readonly kind: 'run'; readonly sql: string; readonly values: Values };

/** A message to the thread. It answers each order, in their order. */
export type ThreadRequest = { readonly id: number; readonly order: ThreadOrder } | 'close';

/** A message of the thread: that it writes from now on, an answer, or that what it wrote cannot be believed any more. */
export type ThreadReply =
  | 'ready'
  | { readonly id: number; readonly value: number | undefined }
  | { readonly id: number; readonly error: PackedError }
  | { readonly broken: PackedError };
