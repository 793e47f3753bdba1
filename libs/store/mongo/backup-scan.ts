import type { Db, Document, Filter } from 'mongodb';
import { isOwned } from '../backup/pack-rows.ts';
import {
  SCAN_PAGE_BYTES,
  SCAN_PAGE_ROWS,
  type ScannedRows,
  type ScannedTable,
  type TableScan,
} from '../tables/scan.ts';
import { callStore } from './store-call.ts';
import { OWNED_SPECS } from './tables/owned-tables.ts';
import { plainRowFrom } from './tables/plain-row.ts';
import { LIVE, openCollection, type StoredDocument } from './tables/rows.ts';

const COLLECTIONS: Readonly<Partial<Record<ScannedTable, string>>> = { signingKeys: 'signing_keys' };

/** A page carries megabytes, and a backup is in no hurry. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** Documents of one reply: what is not used of a page of large ones is little. */
const PAGE_DOCUMENTS = Math.min(50, SCAN_PAGE_ROWS);

/** How scans work. */
export interface MongoScanOptions {
  /** When reading a page has failed. 30 000 by default. */
  readonly timeoutMs?: number;
}

/** Scans the tables by `_id`: a row has the same one as long as it stands. */
export function createMongoScan(db: Db, { timeoutMs = DEFAULT_TIMEOUT_MS }: MongoScanOptions = {}): TableScan {
  return {
    async scanRows<T extends ScannedTable>(table: T, after: string | undefined) {
      const page = await callStore(`the table ${table}`, { timeoutMs }, (signal) => readPage(db, table, after, signal));
      return {
        rows: page.map((document) => rowFrom(table, document)),
        // Only an empty page says that there is no more: servers end a reply at 16 MiB.
        next: page.at(-1)?._id,
      };
    },
  };
}

async function readPage(
  db: Db,
  table: ScannedTable,
  after: string | undefined,
  signal: AbortSignal,
): Promise<readonly StoredDocument[]> {
  const name = isOwned(table) ? OWNED_SPECS[table].collection : (COLLECTIONS[table] ?? table);
  const filter = { ...(after === undefined ? {} : { _id: { $gt: after } }), ...(isOwned(table) ? LIVE : {}) };
  // A single batch leaves no cursor behind, whose next batches and whose end would heed no signal.
  const options = { sort: { _id: 1 }, limit: PAGE_DOCUMENTS, singleBatch: true, signal } as const;
  const found = await openCollection(db, name)
    .find(filter as Filter<StoredDocument>, options)
    .toArray();
  let bytes = 0;
  const over = found.findIndex((document) => {
    bytes += (document['body'] as Uint8Array | undefined)?.length ?? 0;
    return bytes >= SCAN_PAGE_BYTES;
  });
  return over < 0 ? found : found.slice(0, over + 1);
}

function rowFrom<T extends ScannedTable>(table: T, document: Document): ScannedRows[T] {
  if (isOwned(table)) {
    return OWNED_SPECS[table].rowFrom(document) as unknown as ScannedRows[T];
  }
  const { position, name } = document;
  switch (table) {
    case 'cursors':
      return { name, value: position } as ScannedRows[T];
    case 'checkpoints':
      return { ...plainRowFrom<object>(document), position } as unknown as ScannedRows[T];
    default:
      return plainRowFrom<ScannedRows[T]>(document);
  }
}
