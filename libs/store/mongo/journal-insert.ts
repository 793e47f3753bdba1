import { Binary, type Db, type Document } from 'mongodb';
import type { AppendOutcome } from '../journal/journal.ts';
import type { BackendRecord, InsertResult } from '../journal/journal-backend.ts';
import { StoreError } from '../store-error.ts';
import { withinTime } from './journal-attempt.ts';
import { idFromKey } from './journal-key.ts';

/** What fits one message of 48 MB with room for the rest. Sixteen partitions seldom have as much to say. */
const MESSAGE_BYTES = 40 * 1024 * 1024;

/** Duplicate key: the record stands there, ours or another's. */
const DUPLICATE_KEY = 11000;

/** The part of an insert's reply that outcomes are told from. */
interface InsertReply {
  readonly n: number;
  readonly writeErrors?: readonly { readonly index: number; readonly code: number; readonly errmsg?: string }[];
  readonly writeConcernError?: { readonly code: number; readonly errmsg?: string };
}

/**
 * Inserts records, unordered, in one round trip; in several at once where they do not fit one message.
 *
 * This is the plain `insert` command and not `insertMany`: the driver never sends it a second time, so that retryable
 * writes make no difference, and it takes less CPU.
 */
export async function insertRecords(
  db: Db,
  collection: string,
  records: readonly BackendRecord[],
  timeoutMs: number,
): Promise<InsertResult> {
  const messages = splitByBytes(records);
  if (messages.length === 1) return await insertMessage(db, collection, records, timeoutMs);
  const results = await Promise.all(messages.map((message) => insertMessage(db, collection, message, timeoutMs)));
  const error = results.find((result) => result.error !== undefined)?.error;
  return { outcomes: results.flatMap(({ outcomes }) => outcomes), ...(error === undefined ? {} : { error }) };
}

async function insertMessage(
  db: Db,
  collection: string,
  records: readonly BackendRecord[],
  timeoutMs: number,
): Promise<InsertResult> {
  const command: Document = {
    insert: collection,
    documents: records.map((record) => ({
      _id: idFromKey(record),
      epoch: record.isEpoch,
      record: new Binary(record.bytes),
    })),
    ordered: false,
    writeConcern: { w: 'majority', j: true },
  };
  try {
    const reply = await withinTime(timeoutMs, undefined, (signal) => db.command(command, { signal }));
    return resultFromReply(reply as unknown as InsertReply, records.length);
  } catch (error) {
    return { outcomes: records.map(() => 'unknown'), error };
  }
}

/** Only what the reply says without doubt is committed. [journal.md 5] */
function resultFromReply(reply: InsertReply, count: number): InsertResult {
  const { n, writeErrors = [], writeConcernError } = reply;
  const doubt = writeConcernError ?? writeErrors.find(({ code }) => code !== DUPLICATE_KEY);
  const isClean = writeConcernError === undefined && n === count - writeErrors.length;
  const outcomes = Array.from({ length: count }, (): AppendOutcome => (isClean ? 'committed' : 'unknown'));
  for (const { index } of writeErrors) outcomes[index] = 'unknown';
  if (isClean && doubt === undefined) return { outcomes };
  const what = doubt === undefined ? `${n} of ${count} inserted` : `error ${doubt.code}: ${doubt.errmsg ?? ''}`;
  return { outcomes, error: new StoreError('unreachable', `the journal was not written: ${what}`) };
}

function splitByBytes(records: readonly BackendRecord[]): BackendRecord[][] {
  const messages: BackendRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    bytes += record.bytes.length;
    if (bytes > MESSAGE_BYTES) {
      messages.push([]);
      bytes = record.bytes.length;
    }
    messages.at(-1)?.push(record);
  }
  return messages;
}
