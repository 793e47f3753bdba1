import type { Db, Document, Filter } from 'mongodb';
import { DomainError } from '#libs/errors/domain-error.ts';
import { isOwned } from '../backup/pack-rows.ts';
import {
  SCAN_PAGE_BYTES,
  SCAN_PAGE_ROWS,
  type ScannedRows,
  type ScannedTable,
  type TableScan,
} from '../tables/scan.ts';
import { OWNED_SPECS } from './tables/owned-tables.ts';
import { plainRowFrom } from './tables/plain-row.ts';
import { LIVE, openCollection, type StoredDocument } from './tables/rows.ts';

const COLLECTIONS: Readonly<Partial<Record<ScannedTable, string>>> = { signingKeys: 'signing_keys' };

/** How long one page may take. */
const TIMEOUT_MS = 30_000;

/** Documents of one reply: a page of large ones ends within few of them. */
const REPLY_DOCUMENTS = 50;

/** Scans the tables by `_id`: a row has the same one as long as it stands. */
export function createMongoScan(db: Db): TableScan {
  return {
    async scanRows<T extends ScannedTable>(table: T, after: string | undefined) {
      const { page, isLast } = await readPage(db, table, after).catch((error: unknown) => {
        throw new DomainError('UNAVAILABLE', `the table ${table} could not be read`, { cause: error });
      });
      return {
        rows: page.map((document) => rowFrom(table, document)),
        next: isLast ? undefined : page.at(-1)?._id,
      };
    },
  };
}

async function readPage(
  db: Db,
  table: ScannedTable,
  after: string | undefined,
): Promise<{ readonly page: readonly StoredDocument[]; readonly isLast: boolean }> {
  const name = isOwned(table) ? OWNED_SPECS[table].collection : (COLLECTIONS[table] ?? table);
  const filter = { ...(after === undefined ? {} : { _id: { $gt: after } }), ...(isOwned(table) ? LIVE : {}) };
  const options = {
    sort: { _id: 1 },
    limit: SCAN_PAGE_ROWS,
    batchSize: REPLY_DOCUMENTS,
    timeoutMS: TIMEOUT_MS,
  } as const;
  await using cursor = openCollection(db, name).find(filter as Filter<StoredDocument>, options);
  const page: StoredDocument[] = [];
  let bytes = 0;
  for await (const document of cursor) {
    page.push(document);
    bytes += (document['body'] as Uint8Array | undefined)?.length ?? 0;
    if (bytes >= SCAN_PAGE_BYTES) {
      return { page, isLast: false };
    }
  }
  return { page, isLast: page.length < SCAN_PAGE_ROWS };
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
