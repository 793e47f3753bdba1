import type { Binary, Db } from 'mongodb';
import { expect, test } from 'vitest';
import type { BackendRecord } from '#libs/store/journal/journal-backend.ts';
import { insertRecords } from './journal-insert.ts';

interface SentCommand {
  readonly insert: string;
  readonly documents: readonly { readonly _id: string; readonly epoch: boolean; readonly record: Binary }[];
  readonly ordered: boolean;
  readonly writeConcern: object;
}

/** A database that answers commands as told and remembers them. */
function databaseThat(answer: (command: SentCommand) => unknown): { db: Db; sent: SentCommand[] } {
  const sent: SentCommand[] = [];
  const command = async (one: SentCommand) => {
    sent.push(one);
    return answer(one);
  };
  return { db: { command } as unknown as Db, sent };
}

function records(count: number, bytes = 10): BackendRecord[] {
  return Array.from({ length: count }, (_, partition) => ({
    partition,
    position: 42,
    isEpoch: partition === 1,
    bytes: Buffer.alloc(bytes, partition),
  }));
}

async function outcomesAfter(reply: unknown, count = 3): Promise<{ outcomes: string; message: string | undefined }> {
  const { db } = databaseThat(() => {
    if (reply instanceof Error) throw reply;
    return reply;
  });
  const { outcomes, error } = await insertRecords(db, 'journal', records(count), 1_000);
  const message = error instanceof Error ? error.message : undefined;
  return { outcomes: outcomes.map((outcome) => outcome[0]).join(''), message };
}

test('one command carries all records, unordered, to the majority and its disks', async () => {
  const { db, sent } = databaseThat(() => ({ ok: 1, n: 2 }));
  const sentRecords = records(2);
  expect(await insertRecords(db, 'journal', sentRecords, 1_000)).toEqual({ outcomes: ['committed', 'committed'] });
  expect(sent).toMatchObject([{ insert: 'journal', ordered: false, writeConcern: { w: 'majority', j: true } }]);
  expect(sent[0]?.documents.map(({ _id, epoch }) => [_id, epoch])).toEqual([
    ['0000-0000000000042', false],
    ['0001-0000000000042', true],
  ]);
  expect(sent[0]?.documents[0]?.record.buffer.buffer).toBe(sentRecords[0]?.bytes.buffer);
});

test('a key that is taken is unknown, its neighbours are committed, and that is no trouble', async () => {
  const reply = { ok: 1, n: 2, writeErrors: [{ index: 1, code: 11000 }] };
  expect(await outcomesAfter(reply)).toEqual({ outcomes: 'cuc', message: undefined });
});

test('another error of one record is unknown and trouble', async () => {
  const reply = { ok: 1, n: 2, writeErrors: [{ index: 0, code: 10334, errmsg: 'too large' }] };
  expect(await outcomesAfter(reply)).toEqual({
    outcomes: 'ucc',
    message: 'the journal was not written: error 10334: too large',
  });
});

test('an error of the write concern makes all unknown', async () => {
  const reply = { ok: 1, n: 3, writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } };
  expect(await outcomesAfter(reply)).toEqual({
    outcomes: 'uuu',
    message: 'the journal was not written: error 64: waiting for replication timed out',
  });
});

test('a reply that does not add up, and none at all, make all unknown', async () => {
  expect(await outcomesAfter({ ok: 1, n: 2 })).toEqual({
    outcomes: 'uuu',
    message: 'the journal was not written: 2 of 3 inserted',
  });
  expect((await outcomesAfter({ ok: 1 })).outcomes).toBe('uuu');
  expect((await outcomesAfter(new Error('connection closed'))).outcomes).toBe('uuu');
});

test('an insert that is not answered ends', async () => {
  const never = new Promise<never>(() => {});
  const command = async (_: unknown, { signal }: { signal: AbortSignal }) => {
    const aborted = new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    return await Promise.race([never, aborted]);
  };
  const result = await insertRecords({ command } as unknown as Db, 'journal', records(1), 10);
  expect(result).toMatchObject({ outcomes: ['unknown'], error: { message: 'no answer within 10 ms' } });
});

test('what does not fit one message goes in several, and each outcome stays with its record', async () => {
  const { db, sent } = databaseThat(({ documents }) => {
    const n = documents.length;
    return sent.length === 2 ? { ok: 1, n: n - 1, writeErrors: [{ index: 0, code: 11000 }] } : { ok: 1, n };
  });
  const { outcomes } = await insertRecords(db, 'journal', records(5, 13 * 1024 * 1024), 1_000);
  expect(sent.map(({ documents }) => documents.length)).toEqual([3, 2]);
  expect(outcomes).toEqual(['committed', 'committed', 'committed', 'unknown', 'committed']);
});
