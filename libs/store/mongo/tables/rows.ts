import type { Collection, Db, Document, Filter, Sort } from 'mongodb';
import { callTables } from './tables-call.ts';
import type { TablesContext } from './tables-context.ts';

/** A document of a table. */
export interface StoredDocument extends Document {
  readonly _id: string;
}

/** How rows of a table are documents. */
export interface RowSpec<R, K> {
  readonly collection: string;
  readonly idOf: (key: K) => string;
  /** The fields of a row but its id. */
  readonly fieldsOf: (row: R) => Document;
  /** The row of a document that `fieldsOf` made. */
  readonly rowFrom: (document: Document) => R;
}

/** Which rows to read, and how. */
export interface FindOptions {
  readonly sort: Sort;
  readonly limit: number;
  readonly skip?: number;
}

/** Reads rows of a table: on the primary, and only what a majority has. */
export interface Rows<R, K> {
  readonly read: (key: K) => Promise<R | undefined>;
  readonly find: (filter: Document, options: FindOptions) => Promise<R[]>;
  /** Some fields of rows. */
  readonly findFields: (filter: Document, fields: readonly string[], options: FindOptions) => Promise<Document[]>;
  readonly count: (filter: Document) => Promise<number>;
}

/** What a document is that has no tombstone's time. */
export const LIVE = { deletedTime: { $exists: false } } as const;

/** Opens a collection for reading. Bytes come as views of the reply: that spares a wrapper and copies nothing. */
export function openCollection(db: Db, name: string): Collection<StoredDocument> {
  return db.collection<StoredDocument>(name, {
    readPreference: 'primary',
    readConcern: { level: 'majority' },
    promoteBuffers: true,
  });
}

/** Makes the reader of a table. */
export function createRows<R, K>(context: TablesContext, spec: RowSpec<R, K>): Rows<R, K> {
  const { collection: name, idOf, rowFrom } = spec;
  const collection = openCollection(context.db, name);

  async function find(
    filter: Document,
    { sort, limit, skip = 0 }: FindOptions,
    projection?: Document,
  ): Promise<Document[]> {
    if (limit <= 0) {
      // For the server no limit is no bound.
      return [];
    }
    const options = { sort, limit, skip, batchSize: limit, ...(projection === undefined ? {} : { projection }) };
    return await callTables(context, (signal) =>
      collection.find(filter as Filter<StoredDocument>, { ...options, signal }).toArray(),
    );
  }

  return {
    async read(key) {
      const found = await callTables(context, (signal) => collection.findOne({ _id: idOf(key) }, { signal }));
      return found === null || 'deletedTime' in found ? undefined : rowFrom(found);
    },
    find: async (filter, options) => (await find(filter, options)).map(rowFrom),
    findFields: (filter, fields, options) =>
      find(filter, options, Object.fromEntries([['_id', 0], ...fields.map((field) => [field, 1])])),
    count: (filter) =>
      callTables(context, (signal) => collection.countDocuments(filter as Filter<StoredDocument>, { signal })),
  };
}

/** The bytes of a document as plain bytes. */
export function bytesOf(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
