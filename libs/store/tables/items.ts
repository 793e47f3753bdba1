import type { SlotRange } from '../slots.ts';
import type { IncarnationKey } from './keys.ts';

/** Names a work item: of an incarnation, or free, and then run id and incarnation are empty. */
export interface ItemKey extends IncarnationKey {
  readonly itemId: string;
}

/** Items that one list holds in order: what a claim compares the heads of. */
export interface ReadyList {
  readonly tenantId: string;
  readonly queue: string;
  /** The tags, sorted and joined by their owner; empty for none. */
  readonly tagSet: string;
  readonly priority: number;
}

/** What an item is doing, and since or until when. */
export type ItemState =
  /** In its ready list, ordered by this time. */
  | { readonly kind: 'ready'; readonly since: number }
  /** Not before this time: a delay, a retry, a back-off. */
  | { readonly kind: 'waiting'; readonly until: number }
  /** Held by a worker; absent for a lease that never expires. */
  | { readonly kind: 'leased'; readonly until: number | undefined };

/** A work item that has waited long enough to be written. */
export interface ItemRow extends ItemKey, ReadyList {
  readonly state: ItemState;
  readonly body: Uint8Array;
}

/** A place in a ready list. */
export interface ListCursor extends ItemKey {
  readonly since: number;
}

/** Work items. All rows are hints that are checked against the run. [journal.md 17] */
export interface ItemTable {
  readItem(key: ItemKey): Promise<ItemRow | undefined>;
  /** The open items of an incarnation, in order of id; free items are of none. */
  itemsOfRun(key: IncarnationKey, limit: number): Promise<readonly ItemRow[]>;
  /** The lists that have a ready item in these slots, by list; from the list after `after`. */
  readyLists(slots: SlotRange, limit: number, after?: ReadyList): Promise<readonly ReadyList[]>;
  /** The ready items of one list, longest ready first, then by key; after a place, if one is given. */
  readyHead(slots: SlotRange, list: ReadyList, limit: number, after?: ListCursor): Promise<readonly ItemRow[]>;
  /** Waiting items whose time comes, and leased ones whose lease expires, before a time; earliest first, then by key. */
  itemsDueBefore(slots: SlotRange, time: number, limit: number): Promise<readonly ItemRow[]>;
  /** How many items a tenant's queue has in each state. */
  countItems(tenantId: string, queue: string): Promise<Readonly<Record<ItemState['kind'], number>>>;
}
