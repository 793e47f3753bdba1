import type { Document } from 'mongodb';
import { StoreError } from '#libs/store/store-error.ts';
import { sendWrite, type WriteResult } from '../write-command.ts';
import { callTables } from './tables-call.ts';
import type { TablesContext } from './tables-context.ts';

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

/**
 * Inserts documents, unordered and durable on a majority.
 *
 * @throws StoreError for whatever is no clean answer: what was written is then unknown.
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
  const { problem, ...result } = await callTables(
    context,
    (signal) => sendWrite(context.db, command, signal),
    callerSignal,
  );
  if (problem !== undefined) {
    throw new StoreError('unreachable', `the tables were not written: ${problem}`);
  }
  return result;
}
