/**
 * Maps that have no memory of their own while nothing is in them. A run has many, most of which are always empty, and
 * there are hundreds of thousands of runs. They are changed by the functions here alone.
 */
const EMPTY: ReadonlyMap<unknown, unknown> = new Map();
const EMPTY_SET: ReadonlySet<unknown> = new Set();

/** A map with nothing in it. */
export function emptyMap<K, V>(): ReadonlyMap<K, V> {
  return EMPTY as ReadonlyMap<K, V>;
}

/** A set with nothing in it. */
export function emptySet<T>(): ReadonlySet<T> {
  return EMPTY_SET as ReadonlySet<T>;
}

/** Puts an entry into a map, and answers the map: in its place, or a new one in the place of an empty one. */
export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return map === EMPTY ? new Map([[key, value]]) : (map as Map<K, V>).set(key, value);
}

/** Takes an entry out of a map, in its place. */
export function dropEntry<K>(map: ReadonlyMap<K, unknown>, key: K): void {
  if (map !== EMPTY) (map as Map<K, unknown>).delete(key);
}

/** Puts a member into a set, as `withEntry`. */
export function withMember<T>(set: ReadonlySet<T>, member: T): ReadonlySet<T> {
  return set === EMPTY_SET ? new Set([member]) : (set as Set<T>).add(member);
}

/** Takes a member out of a set, in its place. */
export function dropMember<T>(set: ReadonlySet<T>, member: T): void {
  if (set !== EMPTY_SET) (set as Set<T>).delete(member);
}
