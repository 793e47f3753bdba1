import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import { compareIncarnations } from './compare-keys.ts';
import type { Entry, GuardedRows } from './guarded-rows.ts';
import type { IncarnationPart } from './owned-rows.ts';
import type { SortedRows } from './sorted-rows.ts';

/** The rows of incarnations, each in an order. */
export interface IncarnationRows<R extends IncarnationKey> extends IncarnationPart {
  /** The rows of an incarnation in order, from the first that `isBefore` is false for. */
  of(key: IncarnationKey, isBefore?: (row: R) => boolean): Generator<R, void>;
}

/** Keeps the rows of a table by incarnation, and in each by `compare`. */
export function createIncarnationRows<R extends K & IncarnationKey, K>(
  rows: GuardedRows<R, K>,
  compare: (a: R, b: R) => number,
): IncarnationRows<R> {
  const view: SortedRows<Entry<R>> = rows.view(
    // A free row is of no incarnation.
    (row) => row.runId !== '',
    (a, b) => compareIncarnations(a, b) || compare(a.row, b.row),
  );

  function* of(key: IncarnationKey, isBefore: (row: R) => boolean = () => false): Generator<R, void> {
    const wanted = { slot: slotOfRun(key), row: key };
    const start = view.from((entry) => {
      const order = compareIncarnations(entry, wanted);
      return order < 0 || (order === 0 && isBefore(entry.row));
    });
    for (const entry of start) {
      if (compareIncarnations(entry, wanted) !== 0) {
        return;
      }
      yield entry.row;
    }
  }

  return {
    of,
    drop(key, limit) {
      const dropped = of(key).take(limit).toArray();
      for (const row of dropped) {
        rows.drop(row);
      }
      return dropped.length;
    },
    isEmpty: (key) => of(key).next().done === true,
  };
}
