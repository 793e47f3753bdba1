import type { RegistryTables, StateTables } from '../store.ts';
import type { IncarnationKey } from '../tables/keys.ts';
import type { OwnedRows, OwnedTable, RowWrite } from '../tables/row-writer.ts';
import { SCAN_PAGE_ROWS, type ScannedRows, type ScannedTable, type TableScan } from '../tables/scan.ts';

/** Tables, and the scan that knows the keys that were written through them. */
export interface RecordedTables<T> {
  readonly tables: T;
  readonly scan: TableScan;
}

/** Keys by their text. */
type Keys = Map<string, unknown>;

type Readers = { readonly [T in ScannedTable]?: (key: never) => Promise<ScannedRows[T] | undefined> };

/**
 * Remembers the key of every row that is written to tables in memory, so that they can be scanned through their own
 * ports: rows are told by reading each key, and keys whose row is gone are forgotten.
 */
export function recordStateTables(tables: StateTables): RecordedTables<StateTables> {
  const record = createRecorder();
  const noteWrite = (write: RowWrite): void => {
    if ('put' in write) {
      record.note(write.table, keyOfRow(write.table, write.put));
    }
  };
  const recorded: StateTables = {
    ...tables,
    async writeRows(stamp, writes, signal) {
      writes.forEach(noteWrite);
      await tables.writeRows(stamp, writes, signal);
    },
    async writeCheckpoint(row) {
      record.note('checkpoints', row.partition);
      return await tables.writeCheckpoint(row);
    },
    async writeCursor(name, value) {
      record.note('cursors', name);
      return await tables.writeCursor(name, value);
    },
    definitions: record.inserts('definitions', tables.definitions, ({ tenantId, workflow, version }) => ({
      tenantId,
      workflow,
      version,
    })),
    tenants: record.inserts('tenants', tables.tenants, ({ tenantId }) => tenantId),
    tokens: record.inserts('tokens', tables.tokens, ({ tenantId, tokenId }) => ({ tenantId, tokenId })),
    leases: record.inserts('leases', tables.leases, ({ partition }) => partition),
    activations: record.inserts('activations', tables.activations, (row) => row),
    audit: record.inserts('audit', tables.audit, (row) => row),
  };
  const readers: Readers = {
    heads: (key: OwnedRows['heads']['key']) => tables.readHead(key),
    pastHeads: (key: IncarnationKey) => tables.readPastHead(key),
    segments: async (key: OwnedRows['segments']['key']) => {
      const [row] = await tables.readSegments(key, key.segment, 1);
      return row?.segment === key.segment ? row : undefined;
    },
    snapshots: async (key: OwnedRows['snapshots']['key']) => {
      const row = await tables.readSnapshot(key, key.version);
      return row?.version === key.version ? row : undefined;
    },
    items: (key: OwnedRows['items']['key']) => tables.readItem(key),
    signals: async (key: OwnedRows['signals']['key']) => {
      const rows = await tables.readSignals(key, SCAN_PAGE_ROWS, key.order - 1);
      return rows.find(({ order, name }) => order === key.order && name === key.name);
    },
    deadLetters: (key: OwnedRows['deadLetters']['key']) => tables.readDeadLetter(key.tenantId, key.deadLetterId),
    outbox: async (key: OwnedRows['outbox']['key']) => {
      const [row] = await tables.readOutbox(key.sourcePartition, 1, { ...key, number: key.number - 1 });
      return row?.targetPartition === key.targetPartition && row.number === key.number ? row : undefined;
    },
    requestIds: (key: OwnedRows['requestIds']['key']) => tables.readRequestId(key),
    checkpoints: (partition: number) => tables.readCheckpoint(partition),
    cursors: async (name: string) => {
      const value = await tables.readCursor(name);
      return value === undefined ? undefined : { name, value };
    },
    definitions: (key: never) => tables.definitions.read(key),
    tenants: (key: never) => tables.tenants.read(key),
    tokens: (key: never) => tables.tokens.read(key),
    leases: (key: never) => tables.leases.read(key),
    activations: async (row: ScannedRows['activations']) => row,
    audit: async (row: ScannedRows['audit']) => row,
  };
  return { tables: recorded, scan: record.scan(readers) };
}

/** Remembers the keys of a registry's rows, as `recordStateTables` does. */
export function recordRegistryTables(tables: RegistryTables): RecordedTables<RegistryTables> {
  const record = createRecorder();
  const recorded: RegistryTables = {
    packages: record.inserts('packages', tables.packages, ({ tenantId, name, version }) => ({
      tenantId,
      name,
      version,
    })),
    signingKeys: record.inserts('signingKeys', tables.signingKeys, ({ tenantId, keyId }) => ({ tenantId, keyId })),
    activations: record.inserts('activations', tables.activations, (row) => row),
    audit: record.inserts('audit', tables.audit, (row) => row),
  };
  const readers: Readers = {
    packages: (key: never) => tables.packages.read(key),
    signingKeys: (key: never) => tables.signingKeys.read(key),
    activations: async (row: ScannedRows['activations']) => row,
    audit: async (row: ScannedRows['audit']) => row,
  };
  return { tables: recorded, scan: record.scan(readers) };
}

interface Recorder {
  note(table: ScannedTable, key: unknown): void;
  /** A table whose inserts are remembered, those alone that were done. */
  inserts<N extends ScannedTable, T extends { insert(row: never): Promise<boolean> }>(
    table: N,
    of: T,
    keyOf: (row: ScannedRows[N]) => unknown,
  ): T;
  scan(readers: Readers): TableScan;
}

function createRecorder(): Recorder {
  const byTable = new Map<ScannedTable, Keys>();
  const keysOf = (table: ScannedTable): Keys => {
    const keys = byTable.get(table) ?? new Map();
    byTable.set(table, keys);
    return keys;
  };
  const note = (table: ScannedTable, key: unknown): void => void keysOf(table).set(textOf(key), key);

  return {
    note,
    inserts: (table, of, keyOf) => ({
      ...of,
      async insert(row: never) {
        const isDone = await of.insert(row);
        if (isDone) {
          // The store makes the rest of the row; its key is there from the beginning.
          note(table, keyOf(row));
        }
        return isDone;
      },
    }),
    scan: (readers) => ({
      async scanRows(table, after) {
        const keys = keysOf(table);
        // Those that were written last come last; one that was forgotten in between is passed over by its number.
        const start = after === undefined ? 0 : Number(after);
        const page = [...keys].slice(start, start + SCAN_PAGE_ROWS);
        const rows = [];
        let gone = 0;
        for (const [text, key] of page) {
          const row = await readers[table]?.(key as never);
          if (row === undefined) {
            keys.delete(text);
            gone += 1;
          } else {
            rows.push(row);
          }
        }
        const next = page.length < SCAN_PAGE_ROWS ? undefined : String(start + page.length - gone);
        return { rows: rows as never, next };
      },
    }),
  };
}

/** Fields that tell rows apart, of a row or a key: all but these are in the key. */
function textOf(key: unknown): string {
  const parts = typeof key === 'object' && key !== null ? { ...key, body: undefined } : key;
  return JSON.stringify(parts);
}

function keyOfRow<T extends OwnedTable>(table: T, row: OwnedRows[T]['row']): unknown {
  const names = KEY_FIELDS[table];
  return Object.fromEntries(names.map((name) => [name, (row as unknown as Record<string, unknown>)[name]]));
}

const RUN = ['tenantId', 'runId'] as const;
const INCARNATION = [...RUN, 'incarnation'] as const;
const KEY_FIELDS: Readonly<Record<OwnedTable, readonly string[]>> = {
  heads: RUN,
  pastHeads: INCARNATION,
  segments: [...INCARNATION, 'segment'],
  snapshots: [...INCARNATION, 'version'],
  items: [...INCARNATION, 'itemId'],
  signals: [...INCARNATION, 'name', 'order'],
  deadLetters: [...INCARNATION, 'itemId', 'deadLetterId'],
  outbox: ['sourcePartition', 'targetPartition', 'number'],
  requestIds: [...RUN, 'rpc', 'requestId'],
};
