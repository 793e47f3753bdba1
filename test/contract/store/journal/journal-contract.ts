import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Journal, JournalRecord } from '#libs/store/journal/journal.ts';
import type { JournalContext } from '#libs/store/journal/journal-context.ts';
import { RECORD_CLOSE_BYTES } from '#libs/store/journal/record-format.ts';
import { createMemoryJournal } from '#libs/store/memory/journal.ts';
import { journalOperations } from './journal-operations.ts';
import { appendRow, dump, makeRecord, positionsOf } from './records.ts';
import { createSeededContext } from './seeded-context.ts';

/** A store whose journal is tested. */
export interface JournalStore extends AsyncDisposable {
  /** Opens the journal once more, as another owner would. */
  open(context: JournalContext): Promise<Journal>;
}

/** What a suite needs of the adapter that it tests. */
export interface JournalContractOptions {
  /** More than one page of the adapter. */
  readonly rowOfPages: number;
  /** Random sequences of operations. */
  readonly sequences: number;
}

const signal = new AbortController().signal;

/** What every journal must do, whatever keeps it. */
export function journalContract(
  name: string,
  openStore: () => Promise<JournalStore>,
  { rowOfPages, sequences }: JournalContractOptions,
): void {
  describe(name, { timeout: 60_000 }, () => {
    const context = createSeededContext();
    let store: JournalStore;
    let journal: Journal;
    let other: Journal;
    let partition = 0;

    beforeAll(async () => {
      store = await openStore();
      journal = await store.open(context);
      other = await store.open(createSeededContext(2_000_000));
    }, 60_000);

    afterAll(async () => {
      await store[Symbol.asyncDispose]();
    }, 60_000);

    /** Each test has partitions of its own. */
    const newPartition = (): number => partition++;

    test('an empty partition has no position and reads as nothing', async () => {
      const p = newPartition();
      expect(await journal.lastPosition(p)).toBe(0);
      expect(await dump(journal, p)).toEqual([]);
      await journal.trim(p, 100, signal);
      expect(await journal.append([])).toEqual([]);
    });

    test('what was appended is read back as it was, by every owner', async () => {
      const p = newPartition();
      const entries = [Buffer.from('one'), Buffer.alloc(0), Buffer.from([0, 255, 0]), Buffer.alloc(100_000, 7)];
      const record = makeRecord({ partition: p, position: 1, epoch: 77, entries });
      expect(await journal.append([record])).toEqual(['committed']);
      for (const owner of [journal, other]) {
        expect(await owner.lastPosition(p)).toBe(1);
        expect(await dump(owner, p)).toEqual([
          {
            partition: p,
            position: 1,
            epoch: 77,
            isEpoch: false,
            batchId: Buffer.from(record.batchId).toString('hex'),
            entries: entries.map((one) => one.toString('hex')),
          },
        ]);
      }
    });

    test('the highest key and a record as large as it is closed at are kept', async () => {
      const last = makeRecord({ partition: 1023, position: 2 ** 43 - 1, epoch: 2 ** 24 - 1, entries: [] });
      expect(await journal.append([last])).toEqual(['committed']);
      expect(await journal.lastPosition(1023)).toBe(2 ** 43 - 1);
      expect(positionsOf(await dump(journal, 1023))).toEqual([2 ** 43 - 1]);
      await journal.trim(1023, 2 ** 43 - 1, signal);
      const p = newPartition();
      for (let position = 1; position <= 6; position += 1) {
        const entries = [Buffer.alloc(RECORD_CLOSE_BYTES, position)];
        expect(await journal.append([makeRecord({ partition: p, position, entries })])).toEqual(['committed']);
      }
      const seen: number[] = [];
      for await (const { position, entries } of journal.read(p, { from: 1 }, signal)) {
        expect(entries[0]?.every((byte) => byte === position)).toBe(true);
        seen.push(position);
      }
      expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
      await journal.trim(p, 6, signal);
    });

    test('[90] records of several partitions go in together, and each outcome is its own', async () => {
      const [a, b, c] = [newPartition(), newPartition(), newPartition()];
      await other.append([makeRecord({ partition: b, position: 1, batch: 500 })]);
      const records = [a, b, c].map((p) => makeRecord({ partition: p, position: 1 }));
      expect(await journal.append(records)).toEqual(['committed', 'unknown', 'committed']);
      expect(await settleAll(journal, records)).toEqual(['committed', 'lost', 'committed']);
      for (const p of [a, c]) expect(positionsOf(await dump(journal, p))).toEqual([1]);
      expect(await dump(journal, b)).toEqual(await dump(other, b));
      expect((await dump(journal, b))[0]?.batchId).toBe(
        Buffer.from(makeRecord({ partition: b, position: 1, batch: 500 }).batchId).toString('hex'),
      );
    });

    test('sixteen partitions are one append', async () => {
      const records = Array.from({ length: 16 }, () => makeRecord({ partition: newPartition(), position: 1 }));
      expect(await journal.append(records)).toEqual(records.map(() => 'committed'));
      for (const { partition: p } of records) expect(await journal.lastPosition(p)).toBe(1);
    });

    test('[90] a key is taken once: the second record there is lost, whoever asks and however often', async () => {
      const p = newPartition();
      const mine = makeRecord({ partition: p, position: 1, batch: 1 });
      const yours = makeRecord({ partition: p, position: 1, batch: 2 });
      expect(await journal.append([mine])).toEqual(['committed']);
      expect(await other.append([yours])).toEqual(['unknown']);
      for (let i = 0; i < 3; i += 1) {
        expect(await other.settle(yours, signal)).toBe('lost');
        expect(await other.settle(mine, signal)).toBe('committed');
        expect(await journal.append([mine])).toEqual(['unknown']);
        expect(await journal.settle(mine, signal)).toBe('committed');
      }
      expect((await dump(journal, p)).length).toBe(1);
    });

    test('to settle a record that is not there inserts it', async () => {
      const p = newPartition();
      const record = makeRecord({ partition: p, position: 1 });
      expect(await journal.settle(record, signal)).toBe('committed');
      expect((await dump(other, p)).length).toBe(1);
      expect(await other.settle(makeRecord({ partition: p, position: 1, batch: 9 }), signal)).toBe('lost');
    });

    test('an aborted signal ends settling, reading, trimming and taking over with its reason', async () => {
      const p = newPartition();
      await appendRow(journal, p, 2);
      const gone = AbortSignal.abort(new Error('enough'));
      await expect(journal.settle(makeRecord({ partition: p, position: 3 }), gone)).rejects.toThrow('enough');
      await expect(dump(journal, p, { from: 1 }, gone)).rejects.toThrow('enough');
      await expect(journal.trim(p, 2, gone)).rejects.toThrow('enough');
      await expect(journal.writeEpoch(p, 2, gone)).rejects.toThrow('enough');
      expect(positionsOf(await dump(journal, p))).toEqual([1, 2]);
    });

    test('a range is read in order, both ends included, over all pages', async () => {
      const p = newPartition();
      await appendRow(journal, p, rowOfPages);
      const all = Array.from({ length: rowOfPages }, (_, i) => i + 1);
      const read = async (from: number, to?: number) =>
        positionsOf(await dump(journal, p, to === undefined ? { from } : { from, to }));
      expect(await read(1)).toEqual(all);
      expect(await read(0)).toEqual(all);
      expect(await read(2, rowOfPages - 1)).toEqual(all.slice(1, -1));
      expect(await read(5, 5)).toEqual([5]);
      expect(await read(rowOfPages)).toEqual([rowOfPages]);
      expect(await read(rowOfPages + 1)).toEqual([]);
      expect(await read(7, 6)).toEqual([]);
      expect(await journal.lastPosition(p)).toBe(rowOfPages);
      expect(await journal.lastPosition(newPartition())).toBe(0);

      await journal.trim(p, rowOfPages - 3, signal);
      expect(await read(1)).toEqual(all.slice(-3));
    });

    test('a reader that stops early leaves the journal as it was', async () => {
      const p = newPartition();
      await appendRow(journal, p, 5);
      for await (const { position } of journal.read(p, { from: 1 }, signal)) {
        if (position === 2) break;
      }
      expect(await journal.append([makeRecord({ partition: p, position: 6 })])).toEqual(['committed']);
      expect((await dump(journal, p)).length).toBe(6);
    });

    test('records that come in while a reader is at work are read if they come in before it ends', async () => {
      const p = newPartition();
      await appendRow(journal, p, 3);
      const seen: number[] = [];
      for await (const { position } of journal.read(p, { from: 1 }, signal)) {
        seen.push(position);
        if (position <= 3) await other.append([makeRecord({ partition: p, position: position + 3 })]);
      }
      expect(seen.slice(0, 3)).toEqual([1, 2, 3]);
      expect(seen).toEqual([1, 2, 3, 4, 5, 6].slice(0, seen.length));
    });

    test('[90] trimming deletes up to a position, but never an epoch', async () => {
      const p = newPartition();
      const neighbour = newPartition();
      await appendRow(journal, neighbour, 3);
      expect(await journal.writeEpoch(p, 1, signal)).toBe(1);
      await journal.append([makeRecord({ partition: p, position: 2 })]);
      await journal.append([makeRecord({ partition: p, position: 3 })]);
      expect(await other.writeEpoch(p, 2, signal)).toBe(4);
      await other.append([makeRecord({ partition: p, position: 5 })]);
      await other.trim(p, 0, signal);
      expect(positionsOf(await dump(journal, p))).toEqual([1, 2, 3, 4, 5]);
      await other.trim(p, 2, signal);
      expect(positionsOf(await dump(journal, p))).toEqual([1, 3, 4, 5]);
      await other.trim(p, 2, signal);
      await other.trim(p, 1000, signal);
      const left = await dump(journal, p);
      expect(left.map(({ position, isEpoch, epoch }) => [position, isEpoch, epoch])).toEqual([
        [1, true, 1],
        [4, true, 2],
      ]);
      expect(await journal.lastPosition(p)).toBe(4);
      expect(positionsOf(await dump(journal, neighbour))).toEqual([1, 2, 3]);
    });

    test('an epoch written by hand into a hole is an epoch', async () => {
      const p = newPartition();
      await journal.append([makeRecord({ partition: p, position: 1, isEpoch: true, entries: [] })]);
      await journal.append([makeRecord({ partition: p, position: 2 })]);
      await journal.trim(p, 2, signal);
      expect((await dump(journal, p)).map(({ position, isEpoch }) => [position, isEpoch])).toEqual([[1, true]]);
    });

    test('[90] after a take-over and a trim the owner of before collides', async () => {
      const p = newPartition();
      await appendRow(journal, p, 4);
      const position = await other.writeEpoch(p, 2, signal);
      await other.append([makeRecord({ partition: p, position: position + 1, batch: 900 })]);
      await other.trim(p, position + 1, signal);
      const late = makeRecord({ partition: p, position: 5, batch: 901 });
      expect(await journal.append([late])).toEqual(['unknown']);
      expect(await journal.settle(late, signal)).toBe('lost');
    });

    test('an epoch stands behind what was trimmed or restored without its records', async () => {
      const p = newPartition();
      await appendRow(journal, p, 4);
      await journal.trim(p, 4, signal);
      expect(await other.writeEpoch(p, 2, signal, 4)).toBe(5);
      expect(await other.writeEpoch(p, 3, signal, 4)).toBe(6);
    });

    test('of many that take over at once each gets a position of its own, without a gap', async () => {
      const p = newPartition();
      const positions = await Promise.all(
        Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? journal : other).writeEpoch(p, i, signal)),
      );
      expect(positions.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(positionsOf(await dump(journal, p))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    });

    test('a damaged record ends the reading with its place, after all before it were read', async () => {
      const p = newPartition();
      await appendRow(journal, p, 2);
      const damaged = makeRecord({ partition: p, position: 3 });
      damaged.bytes[50] = (damaged.bytes[50] ?? 0) ^ 1;
      await journal.append([damaged]);
      await journal.append([makeRecord({ partition: p, position: 4 })]);
      const seen: number[] = [];
      const reading = (async () => {
        for await (const { position } of journal.read(p, { from: 1 }, signal)) seen.push(position);
      })();
      await expect(reading).rejects.toMatchObject({
        reason: 'DATA_CORRUPTION',
        metadata: { partition: String(p), position: '3', problem: 'BAD_CHECKSUM' },
      });
      expect(seen).toEqual([1, 2]);
      await expect(journal.settle(damaged, signal)).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
      expect(positionsOf(await dump(journal, p, { from: 4 }))).toEqual([4]);
    });

    test('a record at a key that is not its own, and bytes that are none, are damage', async () => {
      const p = newPartition();
      const strayed: JournalRecord = { ...makeRecord({ partition: p, position: 9 }), position: 1 };
      await journal.append([strayed]);
      await expect(dump(journal, p)).rejects.toMatchObject({ metadata: { problem: 'WRONG_KEY' } });
      const q = newPartition();
      await journal.append([{ ...makeRecord({ partition: q, position: 1 }), bytes: Buffer.from('x'.repeat(80)) }]);
      await expect(dump(journal, q)).rejects.toMatchObject({ metadata: { problem: 'FOREIGN' } });
    });

    test('any sequence of operations leaves what it leaves in memory', async () => {
      await fc.assert(
        fc.asyncProperty(journalOperations, async (operations) => {
          const partitions = [newPartition(), newPartition(), newPartition()];
          const subject = await store.open(createSeededContext(3_000_000));
          const oracle = createMemoryJournal(createSeededContext(3_000_000));
          for (const operation of operations) {
            expect(await operation.run(subject, partitions)).toEqual(await operation.run(oracle, partitions));
          }
          for (const p of partitions) expect(await dump(subject, p)).toEqual(await dump(oracle, p));
        }),
        { numRuns: sequences, endOnFailure: true },
      );
    });

    test('none of this is trouble', () => {
      expect(context.troubles).toEqual([]);
    });
  });
}

async function settleAll(journal: Journal, records: readonly JournalRecord[]): Promise<string[]> {
  return await Promise.all(records.map((record) => journal.settle(record, signal)));
}
