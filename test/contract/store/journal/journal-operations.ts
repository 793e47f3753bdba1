import fc from 'fast-check';
import type { Journal } from '#libs/store/journal/journal.ts';
import { dump, makeRecord } from './records.ts';

/** One call on a journal. What it answers is plain, so that two journals can be compared. */
export interface JournalOperation {
  run(journal: Journal, partitions: readonly number[]): Promise<unknown>;
  toString(): string;
}

const signal = new AbortController().signal;
const which = fc.nat({ max: 2 });
const batch = fc.integer({ min: 1, max: 3 });
/** How far from the end: 1 is the next position, less are taken ones. */
const step = fc.integer({ min: -3, max: 2 });
const entries = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 4 });

function operation(name: string, run: JournalOperation['run']): JournalOperation {
  return { run, toString: () => name };
}

const append = fc
  .uniqueArray(fc.record({ which, batch, step, entries }), { selector: (one) => one.which, minLength: 1, maxLength: 3 })
  .map((parts) =>
    operation(`append ${JSON.stringify(parts)}`, async (journal, partitions) => {
      const records = [];
      for (const part of parts) {
        const partition = partitions[part.which] ?? 0;
        const position = Math.max(1, (await journal.lastPosition(partition)) + part.step);
        records.push(makeRecord({ partition, position, batch: part.batch, entries: part.entries }));
      }
      return await journal.append(records);
    }),
  );

const settle = fc.record({ which, batch, step }).map((one) =>
  operation(`settle ${JSON.stringify(one)}`, async (journal, partitions) => {
    const partition = partitions[one.which] ?? 0;
    const position = Math.max(1, (await journal.lastPosition(partition)) + one.step);
    return await journal.settle(makeRecord({ partition, position, batch: one.batch }), signal);
  }),
);

const writeEpoch = fc
  .record({ which, epoch: fc.nat({ max: 100 }) })
  .map((one) =>
    operation(`epoch ${JSON.stringify(one)}`, async (journal, partitions) =>
      journal.writeEpoch(partitions[one.which] ?? 0, one.epoch, signal),
    ),
  );

const trim = fc
  .record({ which, upTo: fc.integer({ min: -1, max: 12 }) })
  .map((one) =>
    operation(`trim ${JSON.stringify(one)}`, async (journal, partitions) =>
      journal.trim(partitions[one.which] ?? 0, one.upTo, signal),
    ),
  );

const read = fc
  .record({ which, from: fc.nat({ max: 8 }), length: fc.nat({ max: 8 }) })
  .map((one) =>
    operation(`read ${JSON.stringify(one)}`, async (journal, partitions) =>
      dump(journal, partitions[one.which] ?? 0, { from: one.from, to: one.from + one.length }),
    ),
  );

/** Random sequences of calls on three partitions. */
export const journalOperations: fc.Arbitrary<JournalOperation[]> = fc.array(
  fc.oneof({ arbitrary: append, weight: 5 }, settle, writeEpoch, trim, read),
  { minLength: 1, maxLength: 20 },
);
