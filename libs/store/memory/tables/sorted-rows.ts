/** Rows in an order that tells any two apart. */
export interface SortedRows<E> {
  add(entry: E): void;
  /** Removes an entry that was added. */
  remove(entry: E): void;
  /** The entries from the first that `isBefore` is false for; it is true up to there. */
  from(isBefore: (entry: E) => boolean): Generator<E, void>;
}

/** Keeps rows sorted in an array: a search by halves, then a shift of what follows. */
export function createSortedRows<E>(compare: (a: E, b: E) => number): SortedRows<E> {
  const entries: E[] = [];

  function firstFrom(isBefore: (entry: E) => boolean): number {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(entries[middle] as E)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  return {
    add: (entry) =>
      void entries.splice(
        firstFrom((other) => compare(other, entry) < 0),
        0,
        entry,
      ),
    remove: (entry) =>
      void entries.splice(
        firstFrom((other) => compare(other, entry) < 0),
        1,
      ),
    *from(isBefore) {
      for (let index = firstFrom(isBefore); index < entries.length; index += 1) {
        yield entries[index] as E;
      }
    },
  };
}
