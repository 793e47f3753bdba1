import type { ReadyEntry } from './ready-entry.ts';

const DEFAULT_AGING_MS = 300_000;
/** A shorter interval would let age alone decide. */
const MIN_AGING_MS = 1_000;

/** Compares two items: below zero when the first is to be dispatched before the second, zero when only arrival decides. */
export type DispatchOrder = (a: Ranked, b: Ranked) => number;

/** What of an item decides when it is dispatched. */
export type Ranked = Pick<ReadyEntry, 'priority' | 'scheduleTime'>;

/**
 * Makes the order of dispatch: effective priority = priority − waited / agingMs, then age. All items age equally fast, so
 * that how two of them compare does not depend on the time at which it is asked. `agingMs` is 300 000 by default, at
 * least 1 000 (what is less counts as that); `Infinity`: no aging. NaN is a RangeError.
 */
export function createDispatchOrder(agingMs: number = DEFAULT_AGING_MS): DispatchOrder {
  if (Number.isNaN(agingMs)) throw new RangeError('agingMs must be a number of milliseconds');
  const stepMs = Math.max(agingMs, MIN_AGING_MS);
  if (stepMs === Infinity) return (a, b) => a.priority - b.priority || a.scheduleTime - b.scheduleTime;
  return (a, b) => {
    const age = a.scheduleTime - b.scheduleTime;
    return (a.priority - b.priority) * stepMs + age || age;
  };
}
