import type { Document } from 'mongodb';
import { splitIntoBatches } from './batches.ts';
import type { TablesContext } from './tables-context.ts';
import { insertDocuments, type UpdateStatement, updateDocuments } from './write-commands.ts';

/** A document that is to stand under its id unless a newer one does. */
export interface GuardedDocument {
  readonly id: string;
  readonly position: number;
  /** What stands under the id besides the position. */
  readonly fields: Document;
  /** What an older document must satisfy besides to be replaced. */
  readonly condition?: Document;
}

/**
 * Inserts documents that are thought to be new; those whose ids are taken are replaced where they are older.
 *
 * @throws StoreError when it is unknown what was written, the signal's reason when it aborts.
 */
export async function insertGuarded(
  context: TablesContext,
  collection: string,
  documents: readonly GuardedDocument[],
  signal?: AbortSignal,
): Promise<void> {
  for (const batch of splitIntoBatches(documents, ({ fields }) => fields)) {
    const inserted = batch.map(({ id, position, fields }) => ({ _id: id, position, ...fields }));
    const { duplicates } = await insertDocuments(context, collection, inserted, signal);
    await replaceGuarded(context, collection, pick(batch, duplicates), signal);
  }
}

/**
 * Writes documents unless newer ones stand. [journal.md 15]
 *
 * @throws StoreError when it is unknown what was written, the signal's reason when it aborts.
 */
export async function replaceGuarded(
  context: TablesContext,
  collection: string,
  documents: readonly GuardedDocument[],
  signal?: AbortSignal,
): Promise<void> {
  for (const batch of splitIntoBatches(documents, ({ fields }) => fields)) {
    const upserts = batch.map((document) => ({ ...statementOf(document), upsert: true }));
    const { duplicates } = await updateDocuments(context, collection, upserts, signal);
    if (duplicates.length > 0) {
      // A document stands there. Mostly it is newer; but where two wrote at once it may be the older of the two.
      await updateDocuments(context, collection, pick(batch, duplicates).map(statementOf), signal);
    }
  }
}

function statementOf({ id, position, fields, condition }: GuardedDocument): UpdateStatement {
  return { q: { _id: id, position: { $lt: position }, ...condition }, u: { position, ...fields } };
}

function pick<T>(entries: readonly T[], indexes: readonly number[]): T[] {
  return indexes.flatMap((index) => entries[index] ?? []);
}
