import type { Document } from 'mongodb';
import { TablesError } from '#libs/store/tables/tables-error.ts';
import { callTables } from './tables-call.ts';
import type { TablesContext } from './tables-context.ts';

/** What was done of a write. */
export interface WriteResult {
  /** Documents that were inserted, or matched and written. */
  readonly count: number;
  /** The statements that failed because their key, or what is unique besides, is taken. */
  readonly duplicates: readonly number[];
}

/** A statement of an update: one document is replaced or changed; with `upsert` it is inserted when none matches. */
export interface UpdateStatement {
  readonly q: Document;
  readonly u: Document;
  readonly upsert?: boolean;
}

/** A statement of a delete. */
export interface DeleteStatement {
  readonly q: Document;
  /** 0 for all that match. */
  readonly limit: 0 | 1;
}

/** Duplicate key. */
const DUPLICATE_KEY = 11000;
const DURABLE = { w: 'majority', j: true } as const;

/** The parts of a reply to `insert`, `update` and `delete` that count. */
interface WriteReply {
  readonly n: number;
  readonly writeErrors?: readonly { readonly index: number; readonly code: number; readonly errmsg?: string }[];
  readonly writeConcernError?: { readonly code: number; readonly errmsg?: string };
}

/**
 * Inserts documents, unordered and durable on a majority.
 *
 * These are plain commands and not `insertMany` and its like: the driver never sends them a second time, so that
 * retryable writes make no difference, and they take less CPU.
 *
 * @throws TablesError for whatever is no clean answer: what was written is then unknown.
 */
export async function insertDocuments(
  context: TablesContext,
  collection: string,
  documents: readonly Document[],
  signal?: AbortSignal,
): Promise<WriteResult> {
  return await runWrite(context, { insert: collection, documents }, signal);
}

/** Updates documents, otherwise like `insertDocuments`. */
export async function updateDocuments(
  context: TablesContext,
  collection: string,
  updates: readonly UpdateStatement[],
  signal?: AbortSignal,
): Promise<WriteResult> {
  return await runWrite(context, { update: collection, updates }, signal);
}

/** Deletes documents, otherwise like `insertDocuments`. */
export async function deleteDocuments(
  context: TablesContext,
  collection: string,
  deletes: readonly DeleteStatement[],
  signal?: AbortSignal,
): Promise<WriteResult> {
  return await runWrite(context, { delete: collection, deletes }, signal);
}

async function runWrite(
  context: TablesContext,
  command: Document,
  callerSignal: AbortSignal | undefined,
): Promise<WriteResult> {
  const reply = (await callTables(
    context,
    (signal) =>
      context.db.command({ ...command, ordered: false, writeConcern: DURABLE }, { ignoreUndefined: true, signal }),
    callerSignal,
  )) as unknown as WriteReply;
  const { n, writeErrors = [], writeConcernError } = reply;
  const problem = writeConcernError ?? writeErrors.find(({ code }) => code !== DUPLICATE_KEY);
  if (problem !== undefined) {
    throw new TablesError('unreachable', `the tables were not written: error ${problem.code}: ${problem.errmsg ?? ''}`);
  }
  return { count: n, duplicates: writeErrors.map(({ index }) => index) };
}
