import { type SlotRange, slotOf } from '../slots.ts';
import type { ItemKey } from './items.ts';
import type { RunKey } from './keys.ts';

/** The slot of what belongs to a run. */
export function slotOfRun(key: RunKey): number {
  return slotOf(key.tenantId, key.runId);
}

/** The slot of an item and of its dead letters: the run's, or its own where it is free. */
export function slotOfItem(key: Pick<ItemKey, 'tenantId' | 'runId' | 'itemId'>): number {
  return slotOf(key.tenantId, key.runId === '' ? key.itemId : key.runId);
}

/** Whether a slot lies in a range. */
export function isInSlots(slots: SlotRange, slot: number): boolean {
  return slot >= slots.from && slot < slots.to;
}
