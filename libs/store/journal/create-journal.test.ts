import { beforeEach, expect, test } from 'vitest';
import { createMemoryJournalBackend } from '#libs/store/memory/journal.ts';
import { StoreError } from '../store-error.ts';
import { createJournal } from './create-journal.ts';
import type { Journal, JournalRecord } from './journal.ts';
import type { BackendRecord, JournalBackend } from './journal-backend.ts';
import type { JournalContext } from './journal-context.ts';
import { createJournalContext } from './journal-context.ts';
import { encodeRecord } from './record-writer.ts';

const unreachable = new StoreError('unreachable', 'away');
const signal = new AbortController().signal;

let store: JournalBackend;
let waits: number[];
let troubles: StoreError[];
let context: JournalContext;

beforeEach(() => {
  store = createMemoryJournalBackend();
  waits = [];
  troubles = [];
  context = {
    ...createJournalContext((error) => void troubles.push(error)),
    random: () => 1,
    sleep: async (ms) => void waits.push(ms),
  };
});

function record(position: number, batch: number): JournalRecord {
  const batchId = Buffer.alloc(16, batch);
  const header = { partition: 0, position, batchId };
  return { ...header, bytes: encodeRecord({ ...header, epoch: 1, isEpoch: false, entries: [] }) };
}

function journalOver(changes: Partial<JournalBackend>): Journal {
  return createJournal({ ...store, ...changes }, context);
}

test('an insert whose reply is lost is found by its batch id', async () => {
  const journal = journalOver({
    async insert(records) {
      await store.insert(records);
      return { outcomes: ['unknown'], error: unreachable };
    },
  });
  expect(await journal.append([record(1, 1)])).toEqual(['unknown']);
  expect(await journal.settle(record(1, 1), signal)).toBe('committed');
  expect(await journal.settle(record(1, 2), signal)).toBe('lost');
  expect(troubles).toEqual([unreachable]);
});

test('the same bytes are inserted again until something stands at the key', async () => {
  const sent: BackendRecord[] = [];
  let held: readonly BackendRecord[] = [];
  const journal = journalOver({
    async insert(records) {
      sent.push(...records);
      // The first insert is held on its way and lands after three more attempts did nothing.
      if (sent.length === 1) held = records;
      if (sent.length === 4) await store.insert(held);
      return { outcomes: ['unknown'], error: unreachable };
    },
  });
  const mine = record(1, 1);
  expect(await journal.append([mine])).toEqual(['unknown']);
  expect(await journal.settle(mine, signal)).toBe('committed');
  expect(sent.length).toBe(4);
  for (const { partition, position, bytes } of sent) {
    expect([partition, position, bytes]).toEqual([0, 1, mine.bytes]);
  }
});

test('a delayed insert of another owner makes a record lost', async () => {
  let attempts = 0;
  const journal = journalOver({
    async insert() {
      attempts += 1;
      if (attempts === 3) await store.insert([{ ...record(1, 2), isEpoch: false }]);
      return { outcomes: ['unknown'], error: unreachable };
    },
  });
  expect(await journal.settle(record(1, 1), signal)).toBe('lost');
});

test('waits grow up to a second and are spread by chance', async () => {
  let reads = 0;
  const readOne = async () => {
    reads += 1;
    if (reads < 10) throw unreachable;
    return record(1, 1).bytes;
  };
  await journalOver({ readOne }).settle(record(1, 1), signal);
  expect(waits).toEqual([20, 40, 80, 160, 320, 640, 1000, 1000, 1000]);
  reads = 7;
  waits = [];
  context = { ...context, random: () => 0 };
  await journalOver({ readOne }).settle(record(1, 1), signal);
  expect(waits).toEqual([10, 20]);
});

test('settling ends when its signal aborts while it waits', async () => {
  const abort = new AbortController();
  context = { ...createJournalContext(() => {}), random: () => 1 };
  const readOne = async () => {
    setTimeout(() => abort.abort(new Error('enough')), 5);
    throw unreachable;
  };
  await expect(journalOver({ readOne }).settle(record(1, 1), abort.signal)).rejects.toThrow('enough');
});

test('a journal that is broken is not asked again', async () => {
  const broken = new StoreError('broken', 'fsync failed');
  let reads = 0;
  const readOne = async () => {
    reads += 1;
    throw broken;
  };
  await expect(journalOver({ readOne }).settle(record(1, 1), signal)).rejects.toBe(broken);
  expect(reads).toBe(1);
});

test('an epoch whose insert is unknown is settled, and goes to the next position when it is lost', async () => {
  const stolen: number[] = [];
  const journal = journalOver({
    async insert(records) {
      const { position } = records[0] ?? record(1, 1);
      if (position <= 2) {
        stolen.push(position);
        await store.insert([{ ...record(position, 9), isEpoch: false }]);
      }
      await store.insert(records);
      return { outcomes: ['unknown'], error: unreachable };
    },
  });
  expect(await journal.writeEpoch(0, 4, signal)).toBe(3);
  expect(stolen).toEqual([1, 2]);
  const epochs = [];
  for await (const { position, isEpoch, epoch } of journal.read(0, { from: 3 }, signal)) {
    epochs.push([position, isEpoch, epoch]);
  }
  expect(epochs).toEqual([[3, true, 4]]);
});

test('an epoch that landed in a trimmed place, because the last position was an old one, is not the end', async () => {
  const owner = journalOver({});
  for (let position = 1; position <= 9; position += 1) await owner.append([record(position, position)]);
  await owner.trim(0, 7, signal);
  const answers = [4, undefined, 6];
  const lastPosition = async (partition: number) => answers.shift() ?? (await store.lastPosition(partition));
  expect(await journalOver({ lastPosition }).writeEpoch(0, 2, signal)).toBe(10);
  expect(await owner.append([record(10, 10)])).toEqual(['unknown']);
});

test('an unforeseen failure is told as trouble and leaves the outcome unknown', async () => {
  const error = new TypeError('oops');
  const journal = journalOver({ insert: async () => ({ outcomes: ['unknown'], error }) });
  expect(await journal.append([record(1, 1)])).toEqual(['unknown']);
  expect(troubles.map(({ problem, cause }) => [problem, cause])).toEqual([['unreachable', error]]);
});

test('a wait ends early with the reason of its signal', async () => {
  const sleep = (ms: number, until: AbortSignal) => createJournalContext(() => {}).sleep(ms, until);
  await sleep(1, signal);
  await expect(sleep(60_000, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  await expect(sleep(60_000, AbortSignal.timeout(1))).rejects.toMatchObject({ name: 'TimeoutError' });
});
