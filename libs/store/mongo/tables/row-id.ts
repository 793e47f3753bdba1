import type { SlotRange } from '#libs/store/slots.ts';
import type { ItemKey } from '#libs/store/tables/items.ts';
import type { IncarnationKey, RunKey } from '#libs/store/tables/keys.ts';
import { slotOfItem, slotOfRun } from '#libs/store/tables/row-slots.ts';
import { shortText, sortableText } from './sortable-text.ts';

/** Digits of a slot, and of a number up to 2^53. */
const SLOT_DIGITS = 4;
const NUMBER_DIGITS = 16;

/** The ids from one up to another, this one not included. */
export interface IdRange {
  readonly $gte: string;
  readonly $lt: string;
}

/**
 * Makes a key, or the beginning of the keys that have these parts first. Each part ends with a blank, and inside of
 * parts all up to `!` is escaped: so keys sort as their parts do, texts by their UTF-8 bytes, and no part runs into the
 * next.
 */
export function keyFromParts(...parts: readonly (string | number)[]): string {
  let key = '';
  for (const part of parts) {
    key += `${typeof part === 'number' ? sortableNumber(part) : sortableText(part)} `;
  }
  return key;
}

/** Makes a key for `_id`, whose length has a limit: texts that are very long end early. */
export function idFromParts(...parts: readonly (string | number)[]): string {
  let id = '';
  for (const part of parts) {
    id += `${typeof part === 'number' ? sortableNumber(part) : shortText(part)} `;
  }
  return id;
}

/** All ids that begin as this one, made of parts. */
export function idsFrom(beginning: string): IdRange {
  return { $gte: beginning, $lt: endOf(beginning) };
}

/** What comes right after all ids that begin as this one, made of parts. */
export function endOf(beginning: string): string {
  return `${beginning.slice(0, -1)}!`;
}

/** All ids of some slots. */
export function idsOfSlots({ from, to }: SlotRange): IdRange {
  return { $gte: sortableSlot(from), $lt: sortableSlot(to) };
}

/** The id of a run's row, or the beginning of its rows. */
export function idOfRun(key: RunKey): string {
  return `${sortableSlot(slotOfRun(key))} ${idFromParts(key.tenantId, key.runId)}`;
}

/** The id of an incarnation's row, or the beginning of its rows. */
export function idOfIncarnation(key: IncarnationKey): string {
  return idOfRun(key) + idFromParts(key.incarnation);
}

/** The id of an item's row, or the beginning of its rows. */
export function idOfItem(key: ItemKey): string {
  const parts = idFromParts(key.tenantId, key.runId, key.incarnation, key.itemId);
  return `${sortableSlot(slotOfItem(key))} ${parts}`;
}

function sortableSlot(slot: number): string {
  return String(slot).padStart(SLOT_DIGITS, '0');
}

/** Numbers below zero begin with a sign, which sorts before digits, and are counted from the lowest. */
function sortableNumber(number: number): string {
  return number >= 0
    ? String(number).padStart(NUMBER_DIGITS, '0')
    : `-${String(number + 2 ** 53).padStart(NUMBER_DIGITS, '0')}`;
}
