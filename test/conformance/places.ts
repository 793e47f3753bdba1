/** What doors are called in the names of tests. */
export const doorName = { gRPC: 'gRPC', HTTP: 'Connect with JSON' } as const;

/** Stores that tests run on; `none` where nothing is kept. */
export const STORES = ['none', 'memory', 'SQLite', 'MongoDB'] as const;
/** Ways that tests go to what they test; `none` where they call it within the process. */
export const DOORS = ['none', 'gRPC', 'HTTP'] as const;

/** A store that tests run on. */
export type Store = (typeof STORES)[number];
/** A door that tests go through. */
export type Door = (typeof DOORS)[number];

/** Where a test runs. */
export interface Place {
  readonly store: Store;
  readonly door: Door;
}

const STORE_PATTERN = /\bin (memory|SQLite|MongoDB)\b/;
const DOOR_PATTERN = new RegExp(`\\bby (${Object.values(doorName).join('|')})\\b`);

/**
 * Where a test runs, by the names from its outermost suite to itself: `in SQLite` in the name of a suite, the outermost
 * one counts, and `by gRPC` or `by Connect with JSON` anywhere.
 */
export function placeOf(names: readonly string[]): Place {
  // A test may say of other things that they are in memory.
  const store = names.slice(0, -1).flatMap((name) => STORE_PATTERN.exec(name)?.[1] ?? []);
  const [door] = names.flatMap((name) => DOOR_PATTERN.exec(name)?.[1] ?? []);
  return {
    store: STORES.find((known) => known === store[0]) ?? 'none',
    door: door === undefined ? 'none' : door === doorName.gRPC ? 'gRPC' : 'HTTP',
  };
}

/** A place in words: `SQLite by gRPC`, `in process`. */
export function placeText({ store, door }: Partial<Place>): string {
  const where = store === undefined || store === 'none' ? '' : store;
  const how = door === undefined || door === 'none' ? '' : `by ${door}`;
  return [where, how].filter((text) => text !== '').join(' ') || 'in process';
}
