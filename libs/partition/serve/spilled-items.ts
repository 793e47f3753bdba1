import type { Dispatch } from '../dispatch/dispatch.ts';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import type { HotRun } from '../runs/hot-run.ts';

/** Items that their list had no room for, until their rows stand. */
export interface SpilledItems {
  /** An item was spilled. Answers whether rows of its run have to be written for it, which nothing else may cause. */
  note(hot: HotRun, entry: ReadyEntry): boolean;
  /** Rows of a run stand. */
  settle(hot: HotRun): void;
  /** A run is not served any more. */
  forget(hot: HotRun): void;
}

/**
 * Makes the table of a partition. A list that goes on in the tables is read until nothing is left there. An item whose row
 * is not written yet is not found by that, so that its list is said to go on there once more when the row stands.
 */
export function createSpilledItems(dispatch: Pick<Dispatch, 'noteSpilled'>): SpilledItems {
  const spilled = new Map<string, readonly ReadyEntry[]>();

  return {
    note: (hot, entry) => {
      if (hot.standingItems.has(entry.itemSequence)) return false;
      const others = spilled.get(hot.id)?.filter(({ itemSequence }) => itemSequence !== entry.itemSequence) ?? [];
      spilled.set(hot.id, [...others, entry]);
      return !hot.isDirty;
    },
    settle: (hot) => {
      const entries = spilled.size === 0 ? undefined : spilled.get(hot.id);
      if (entries === undefined) return;
      const left: ReadyEntry[] = [];
      for (const entry of entries) {
        if (hot.standingItems.has(entry.itemSequence)) dispatch.noteSpilled(entry);
        else if (hot.isDirty) left.push(entry);
      }
      if (left.length === 0) spilled.delete(hot.id);
      else spilled.set(hot.id, left);
    },
    forget: (hot) => {
      spilled.delete(hot.id);
    },
  };
}
