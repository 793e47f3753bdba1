import type { Journal } from '#libs/store/journal/journal.ts';
import type { StateStore } from '#libs/store/store.ts';

/** A store whose commits a test can hold back. */
export interface HeldStore {
  readonly store: StateStore;
  /** From now on no commit is acknowledged. */
  hold(): void;
  /** What was held back goes on. */
  release(): void;
}

/** Puts a gate before the journal of a store. What is held for a second is told to be late. */
export function holdJournal(store: StateStore): HeldStore {
  let gate: PromiseWithResolvers<void> | undefined;
  const journal: Journal = {
    ...store.journal,
    append: async (records) => {
      await gate?.promise;
      return await store.journal.append(records);
    },
  };
  return {
    store: { ...store, journal },
    hold: () => {
      gate = Promise.withResolvers();
    },
    release: () => {
      gate?.resolve();
      gate = undefined;
    },
  };
}
