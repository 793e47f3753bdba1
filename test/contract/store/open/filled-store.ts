import { createHash } from 'node:crypto';
import { OWNED_TABLES, REGISTRY_TABLES, STATE_TABLES } from '#libs/store/backup/pack-rows.ts';
import { BLOB_KINDS } from '#libs/store/blobs/blob-key.ts';
import { encodeRecord } from '#libs/store/journal/record-writer.ts';
import type { OpenRegistryStore, OpenStateStore } from '#libs/store/opening/open-context.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { ScannedTable, TableScan } from '#libs/store/tables/scan.ts';

const signal = new AbortController().signal;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Appends a record to a partition, as its owner does. */
export async function appendEntry(
  { journal }: OpenStateStore,
  partition: number,
  position: number,
  entry: Uint8Array,
): Promise<void> {
  const batchId = createHash('sha256').update(`${partition}/${position}`).digest().subarray(0, 16);
  const encoded = encodeRecord({ partition, position, epoch: 1, isEpoch: false, batchId, entries: [entry] });
  const [outcome] = await journal.append([{ partition, position, batchId, bytes: encoded }]);
  if (outcome !== 'committed') throw new Error(`the append at ${position} is ${outcome}`);
}

/** Rows of every table that an owner writes, of a run and of a free item. */
function rowsOf(tenantId: string, runId: string): RowWrite[] {
  const run = { tenantId, runId };
  const key = { ...run, incarnation: 'inc-1' };
  const list = { tenantId, queue: 'q', tagSet: '', priority: 3 };
  const body = bytes(`body of ${runId}`);
  return [
    {
      table: 'heads',
      put: {
        ...key,
        workflow: 'w',
        version: '1',
        status: 'RUNNING',
        startTime: 0,
        nextWakeTime: 50,
        attributes: {
          big: { type: 'integer', value: 2n ** 62n },
          odd: { type: 'double', value: Number.NEGATIVE_INFINITY },
          words: { type: 'keyword_list', value: ['ä', '😀'] },
        },
        body,
      },
    },
    { table: 'pastHeads', put: { ...key, incarnation: 'inc-0', expireTime: 99, body } },
    { table: 'segments', put: { ...key, segment: 0, body } },
    { table: 'segments', put: { ...key, segment: 1, body: new Uint8Array() } },
    { table: 'snapshots', put: { ...key, version: 7, body } },
    { table: 'items', put: { ...key, itemId: 'ready', ...list, state: { kind: 'ready', since: 5 }, body } },
    { table: 'items', put: { ...key, itemId: 'waiting', ...list, state: { kind: 'waiting', until: 6 }, body } },
    { table: 'items', put: { ...key, itemId: 'held', ...list, state: { kind: 'leased', until: undefined }, body } },
    {
      table: 'items',
      put: { ...key, runId: '', incarnation: '', itemId: runId, ...list, state: { kind: 'leased', until: 8 }, body },
    },
    { table: 'signals', put: { ...key, name: 'go/on', order: 1, body } },
    { table: 'signals', put: { ...key, incarnation: '', name: 'unborn', order: 2, expireTime: 77, body } },
    { table: 'deadLetters', put: { ...key, itemId: 'x', deadLetterId: `d-${runId}`, queue: 'q', deadTime: 4, body } },
    { table: 'requestIds', put: { ...run, rpc: 'StartRun', requestId: 'r', expireTime: 88, body } },
  ];
}

/** Writes something into everything that a state store has, a blob of `blobBytes` included. */
export async function fillState(store: OpenStateStore, runs: number, blobBytes = 700_000): Promise<void> {
  const { tables, journal, blobs } = store;
  for (let partition = 0; partition < store.meta.partitions; partition += 1) {
    await journal.writeEpoch(partition, 1, signal);
    for (let position = 2; position <= 6; position += 1) {
      await appendEntry(store, partition, position, bytes(`entry ${position}`));
    }
    await tables.writeCheckpoint({ partition, position: 3, epoch: 1, body: bytes(`state ${partition}`) });
    await journal.trim(partition, 3, signal);
    await tables.leases.insert({ partition, nodeId: 'node', epoch: 1, body: bytes('address') });
  }
  for (let index = 0; index < runs; index += 1) {
    await tables.writeRows({ position: 3, time: 0 }, rowsOf('tä/1', `run-${index}`), signal);
  }
  const outbox = { sourcePartition: 0, targetPartition: 0, number: 1, body: bytes('message') };
  const gone = rowsOf('tä/1', 'gone');
  await tables.writeRows({ position: 2, time: 0 }, [...gone, { table: 'outbox', put: outbox }], signal);
  await tables.deleteIncarnation(
    { position: 3, time: 0 },
    { tenantId: 'tä/1', runId: 'gone', incarnation: 'inc-1' },
    99,
  );
  await tables.writeCursor('publisher/0', 12);
  const body = bytes('shared');
  await tables.tenants.insert({ tenantId: 'tä/1', status: 'active', createTime: 1, body });
  await tables.tokens.insert({ tenantId: 'tä/1', tokenId: 'k', secretHash: 'abc', createTime: 2, body });
  const definition = {
    tenantId: 'tä/1',
    workflow: 'w',
    version: '1',
    hash: 'h',
    packageDigest: '',
    createTime: 3,
    body,
  };
  await tables.definitions.insert({ ...definition, isRetired: true });
  await tables.activations.insert({ tenantId: 'tä/1', name: 'w', number: 1, createTime: 4, body });
  await tables.audit.insert({ tenantId: 'tä/1', number: 1, time: 5, body });
  for (const size of [0, 5, blobBytes]) {
    const key = { kind: 'payload', tenantId: 'tä/1', runId: 'run-0', incarnation: 'inc-1', sha256: `${size}` } as const;
    await blobs.put(key, blobOf(size), { maxBytes: 1e9, signal, now: 1_000 + size });
  }
  const upload = { kind: 'upload', tenantId: 'tä/1', uploadId: 'u' } as const;
  await blobs.put(upload, blobOf(9), { maxBytes: 1e9, signal, now: 5 });
}

/** Writes something into everything that a registry has. */
export async function fillRegistry({ tables, blobs }: OpenRegistryStore): Promise<void> {
  const body = bytes('package');
  await tables.packages.insert({ tenantId: 't', name: 'p', version: '1', digest: 'd', createTime: 1, body });
  await tables.activations.insert({ tenantId: 't', name: 'p', number: 1, createTime: 2, body });
  await tables.signingKeys.insert({ tenantId: 't', keyId: 'k', createTime: 3, body });
  await tables.audit.insert({ tenantId: 't', number: 1, time: 4, body });
  const key = { kind: 'package', tenantId: 't', digest: 'd' } as const;
  await blobs.put(key, blobOf(300_000), { maxBytes: 1e9, signal, now: 5 });
}

async function* blobOf(size: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(size).map((_, index) => index * 7);
}

/** What a store holds, in an order and a form of its own, so that any two can be compared. */
export type StoreDump = Readonly<Record<string, readonly string[]>>;

/** Reads everything that a state store holds, but for what a restore makes anew: leases and the last epoch. */
export async function dumpState(store: OpenStateStore): Promise<StoreDump> {
  const dump: Record<string, readonly string[]> = {};
  const tables = [...OWNED_TABLES, ...STATE_TABLES, 'checkpoints'] as const;
  for (const table of tables.filter((one) => one !== 'leases')) dump[table] = await dumpTable(store.backup.scan, table);
  for (let partition = 0; partition < store.meta.partitions; partition += 1) {
    const records: string[] = [];
    for await (const { position, isEpoch, epoch, entries } of store.journal.read(partition, { from: 1 }, signal)) {
      if (epoch === 1) records.push(`${position} ${isEpoch} ${entries.map((entry) => Buffer.from(entry)).join()}`);
    }
    dump[`journal ${partition}`] = records;
  }
  return { ...dump, ...(await dumpBlobs(store)) };
}

/** Reads everything that a registry holds. */
export async function dumpRegistry(store: OpenRegistryStore): Promise<StoreDump> {
  const dump: Record<string, readonly string[]> = {};
  for (const table of REGISTRY_TABLES) dump[table] = await dumpTable(store.backup.scan, table);
  return { ...dump, ...(await dumpBlobs(store)) };
}

async function dumpTable(scan: TableScan, table: ScannedTable): Promise<string[]> {
  const rows: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await scan.scanRows(table, after);
    rows.push(...page.rows.map(textOf));
    if (page.next === undefined) return rows.toSorted();
    after = page.next;
  }
}

function textOf(row: object): string {
  const fields = Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(fields, (_, value: unknown) =>
    typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
      ? String(value)
      : value instanceof Uint8Array
        ? Buffer.from(value).toString('hex')
        : value,
  );
}

async function dumpBlobs({ blobs }: OpenStateStore | OpenRegistryStore): Promise<StoreDump> {
  const found: string[] = [];
  for (const kind of BLOB_KINDS) {
    const { rows } = await blobs.listFrom(kind, 0, { limit: 1_000 });
    for (const { key, size, createTime } of rows) {
      const hash = createHash('sha256');
      for await (const part of (await blobs.get(key, signal)) ?? []) hash.update(part);
      found.push(JSON.stringify([key, size, createTime, hash.digest('hex')]));
    }
  }
  return { blobs: found };
}
