/** Entries that have gone before the table is made anew: less is not worth it. */
const MIN_GONE = 32;

/**
 * A map whose entries come and go all the time, as runs and calls do; with the reads of a `Map`.
 *
 * When the engine makes the table of a Map anew, the old one goes on to point to the new one, and with it to whatever was
 * in it. Once one old table has outlived a few collections of young garbage, it thus keeps every later table of the same
 * Map and all that ever was in them, until all of memory is looked through: nothing that was in the map dies young any
 * more. So this one begins a new Map before that, to which nothing points from the one before.
 */
export class PassingMap<K, V> {
  #map = new Map<K, V>();
  #gone = 0;

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  set(key: K, value: V): this {
    this.#map.set(key, value);
    return this;
  }

  /** Whether there was one. */
  delete(key: K): boolean {
    const map = this.#map;
    if (!map.delete(key)) return false;
    this.#gone += 1;
    if (this.#gone >= MIN_GONE && this.#gone >= map.size) {
      this.#map = new Map(map);
      this.#gone = 0;
    }
    return true;
  }

  clear(): void {
    this.#map = new Map();
    this.#gone = 0;
  }

  /** What has been here for longest, as far as it was not set anew. */
  maybeOldest(): V | undefined {
    for (const value of this.#map.values()) return value;
    return undefined;
  }

  /** The entries that are here now, the oldest first; of those, what has gone by its turn is left out. */
  *[Symbol.iterator](): IterableIterator<[K, V]> {
    for (const entry of Array.from(this.#map)) if (this.#map.has(entry[0])) yield entry;
  }

  /** The values, as of the entries. */
  *values(): IterableIterator<V> {
    for (const [, value] of this) yield value;
  }
}
