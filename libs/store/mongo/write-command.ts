import type { Db, Document } from 'mongodb';

/** What was done of a write. */
export interface WriteResult {
  /** Documents that were inserted, or matched and written. */
  readonly count: number;
  /** The statements that failed because their key, or what is unique besides, is taken. */
  readonly duplicates: readonly number[];
}

/** The server answered that a write was not done, or not as durably as it must be. */
class WriteFailedError extends Error {
  constructor(problem: string) {
    super(`the server did not write: ${problem}`);
    this.name = 'WriteFailedError';
  }
}

const DUPLICATE_KEY = 11000;
const DURABLE = { w: 'majority', j: true } as const;

/** The parts of a reply to `insert`, `update` and `delete` that count. */
interface WriteReply {
  readonly n: number;
  readonly writeErrors?: readonly { readonly index: number; readonly code: number; readonly errmsg?: string }[];
  readonly writeConcernError?: { readonly code: number; readonly errmsg?: string };
}

/**
 * Sends an `insert`, `update` or `delete`, unordered and durable on a majority; `problem` says what kept it from that.
 *
 * These are plain commands and not `insertMany` and its like: the driver never sends them a second time, so that
 * retryable writes make no difference, they heed a signal, and they take less CPU.
 */
export async function sendWrite(
  db: Db,
  command: Document,
  signal: AbortSignal,
): Promise<WriteResult & { readonly problem: string | undefined }> {
  const options = { ignoreUndefined: true, signal } as const;
  const reply = await db.command({ ...command, ordered: false, writeConcern: DURABLE }, options);
  const { n, writeErrors = [], writeConcernError } = reply as unknown as WriteReply;
  const failed = writeConcernError ?? writeErrors.find(({ code }) => code !== DUPLICATE_KEY);
  const problem = failed === undefined ? undefined : `error ${failed.code}: ${failed.errmsg ?? ''}`;
  return { count: n, duplicates: writeErrors.map(({ index }) => index), problem };
}

/** Inserts a document; answers `false` when its id is taken. */
export async function insertOne(db: Db, collection: string, document: Document, signal: AbortSignal): Promise<boolean> {
  const { duplicates } = await sendCleanWrite(db, { insert: collection, documents: [document] }, signal);
  return duplicates.length === 0;
}

/** Changes or replaces a document that matches; answers `false` when none does. */
export async function updateOne(
  db: Db,
  collection: string,
  q: Document,
  u: Document,
  signal: AbortSignal,
): Promise<boolean> {
  return (await sendCleanWrite(db, { update: collection, updates: [{ q, u }] }, signal)).count > 0;
}

/** Deletes a document that matches; answers `false` when none does. */
export async function deleteOne(db: Db, collection: string, q: Document, signal: AbortSignal): Promise<boolean> {
  return (await sendCleanWrite(db, { delete: collection, deletes: [{ q, limit: 1 }] }, signal)).count > 0;
}

/** Deletes all documents that match. */
export async function deleteAll(db: Db, collection: string, q: Document, signal: AbortSignal): Promise<void> {
  await sendCleanWrite(db, { delete: collection, deletes: [{ q, limit: 0 }] }, signal);
}

async function sendCleanWrite(db: Db, command: Document, signal: AbortSignal): Promise<WriteResult> {
  const { problem, ...result } = await sendWrite(db, command, signal);
  if (problem !== undefined) {
    throw new WriteFailedError(problem);
  }
  return result;
}
