import { setTimeout as delay } from 'node:timers/promises';
import { createJournal } from '#libs/store/journal/create-journal.ts';
import type { Journal } from '#libs/store/journal/journal.ts';
import type { JournalBackend } from '#libs/store/journal/journal-backend.ts';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';

/** How an insert goes on: it is done and answered, done with its answer lost, or not done and not answered well. */
type Way = 'pass' | 'loseAnswer' | 'loseInsert';

/** A journal in memory behind a gate, as a network that is slow or cut would be. */
export interface GatedJournal {
  readonly journal: Journal;
  /** How many inserts reached the gate. */
  readonly inserts: number;
  /** From now on inserts wait at the gate. */
  hold(): void;
  /** What waits goes on, and what comes later too. */
  release(way?: Way): void;
}

/** Puts a gate before a backend. Share the backend to let another owner write to the same partitions. */
export function createGatedJournal(backend: JournalBackend): GatedJournal {
  let gate: PromiseWithResolvers<Way> | undefined;
  let inserts = 0;
  const gated: JournalBackend = {
    ...backend,
    async insert(records) {
      inserts += 1;
      const way = gate === undefined ? 'pass' : await gate.promise;
      if (way === 'loseInsert') return { outcomes: records.map(() => 'unknown') };
      const done = await backend.insert(records);
      return way === 'pass' ? done : { outcomes: records.map(() => 'unknown') };
    },
  };
  const context = createJournalContext(() => {});
  return {
    journal: createJournal(gated, {
      ...context,
      sleep: async (_ms, signal) => {
        await delay(1, undefined, { signal });
      },
    }),
    get inserts() {
      return inserts;
    },
    hold: () => {
      gate = Promise.withResolvers();
    },
    release: (way = 'pass') => {
      gate?.resolve(way);
      gate = undefined;
    },
  };
}
