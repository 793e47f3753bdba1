import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Binary, MongoClient } from 'mongodb';
import { createMemoryData, openMemoryStateStore } from '#libs/store/memory/open.ts';
import { BLOB_COLLECTIONS } from '#libs/store/mongo/blobs.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import { BLOBS_FILE } from '#libs/store/sqlite/blobs.ts';
import { TABLES_FILE } from '#libs/store/sqlite/tables/open-tables.ts';
import { CONTEXT, createMongoHome, createSqliteHome, type HomeOptions } from '#test/contract/store/open/store-homes.ts';

/** A place for the state service's store, which is removed at the end. */
export interface StateHome extends AsyncDisposable {
  readonly openState: (options?: HomeOptions) => Promise<OpenStateStore>;
  /** Whether several nodes may have it open at once. */
  readonly isShared: boolean;
  /** Changes a byte in the first chunk of a put where it is kept. */
  readonly flipByte: (putId: string) => Promise<void>;
  /** Changes a byte of an entry of the audit log where it is kept. */
  readonly flipAudit: (tenantId: string, number: number) => Promise<void>;
}

/** A store in memory. */
export async function createMemoryStateHome(): Promise<StateHome> {
  const data = createMemoryData();
  return {
    openState: (options) => openMemoryStateStore(CONTEXT, { data, ...options }),
    isShared: true,
    async flipByte(putId) {
      const chunk = await data.blobs.readChunk(putId, 0);
      if (chunk !== undefined) chunk.bytes[7] = (chunk.bytes[7] ?? 0) ^ 1;
    },
    async flipAudit(tenantId, number) {
      const [row] = await data.state.tables.audit.list(tenantId, number - 1, 1);
      row?.body.set(flipped(row.body));
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A store in a folder of its own. */
export async function createSqliteStateHome(): Promise<StateHome & { readonly folder: string }> {
  const home = await createSqliteHome();
  return {
    openState: (options) => home.openState(options),
    isShared: false,
    async flipByte(putId) {
      const raw = new DatabaseSync(join(home.folder, BLOBS_FILE), { timeout: 5_000 });
      const row = raw.prepare('SELECT id, bytes FROM chunks WHERE put_id = ? AND number = 0').get(putId);
      const bytes = row?.['bytes'] as Uint8Array;
      bytes[7] = (bytes[7] ?? 0) ^ 1;
      raw.prepare('UPDATE chunks SET bytes = ? WHERE id = ?').run(bytes, row?.['id'] as number);
      raw.close();
    },
    async flipAudit(tenantId, number) {
      const raw = new DatabaseSync(join(home.folder, TABLES_FILE), { timeout: 5_000 });
      const where = 'WHERE tenant_id = ? AND number = ?';
      const body = raw.prepare(`SELECT body FROM audit ${where}`).get(tenantId, number)?.['body'] as Uint8Array;
      raw.prepare(`UPDATE audit SET body = ? ${where}`).run(flipped(body), tenantId, number);
      raw.close();
    },
    folder: home.folder,
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** A store in a database of its own. */
export async function createMongoStateHome(uri: string): Promise<StateHome> {
  const home = await createMongoHome(uri);
  return {
    openState: (options) => home.openState(options),
    isShared: true,
    async flipByte(putId) {
      await using client = await new MongoClient(uri).connect();
      const chunks = client
        .db(home.location.database)
        .collection<{ _id: string; bytes: Binary }>(BLOB_COLLECTIONS.chunks);
      const found = await chunks.findOne({ _id: `${putId}-00000000` });
      const bytes = Buffer.from(found?.bytes.buffer ?? []);
      bytes[7] = (bytes[7] ?? 0) ^ 1;
      await chunks.updateOne({ _id: `${putId}-00000000` }, { $set: { bytes: new Binary(bytes) } });
    },
    async flipAudit(tenantId, number) {
      await using client = await new MongoClient(uri).connect();
      const entries = client.db(home.location.database).collection<{ body: Binary }>('audit');
      const found = await entries.findOne({ tenantId, number });
      const body = new Binary(flipped(found?.body.buffer ?? new Uint8Array()));
      await entries.updateOne({ tenantId, number }, { $set: { body } });
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** Bytes of which one is another, in the middle. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const middle = Math.floor(copy.length / 2);
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}
