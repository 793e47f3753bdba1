import { hash } from 'node:crypto';
import { plainTenant } from './tables/free-tenant.ts';

/** Slots of the key space. Fixed for ever: every row key begins with its slot. */
export const SLOT_COUNT = 1024;

/** A range of slots, `from` included and `to` not. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
}

/** Every slot there is. */
export const ALL_SLOTS: SlotRange = { from: 0, to: SLOT_COUNT };

/**
 * The slot of a run, or of an item without a run: the first ten bits of a hash of tenant and id. The hidden run of a free
 * item has the slot of the item.
 */
export function slotOf(owner: string, id: string): number {
  const tenantId = plainTenant(owner);
  // The length keeps `a` + `bc` apart from `ab` + `c`.
  const digest = hash('sha1', `${Buffer.byteLength(tenantId)}:${tenantId}${id}`, 'hex');
  // Two bytes. A digest in hex costs a third of one in a buffer, and every row of a round asks for its slot.
  return Number.parseInt(digest.slice(0, 4), 16) % SLOT_COUNT;
}

/** The slots of one of `partitionCount` partitions. */
export function slotsOfPartition(partition: number, partitionCount: number): SlotRange {
  return {
    from: Math.floor((partition * SLOT_COUNT) / partitionCount),
    to: Math.floor(((partition + 1) * SLOT_COUNT) / partitionCount),
  };
}

/** The partition that a slot belongs to. */
export function partitionOfSlot(slot: number, partitionCount: number): number {
  return Math.floor(((slot + 1) * partitionCount - 1) / SLOT_COUNT);
}
