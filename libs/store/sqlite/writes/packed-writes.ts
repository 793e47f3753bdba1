import type { OwnedRows, OwnedTable, RowWrite } from '#libs/store/tables/row-writer.ts';

/** The fields of a row besides its body. */
type Fields<T extends OwnedTable> = Readonly<Record<Exclude<keyof OwnedRows[T]['row'], 'body'>, true>>;

const INCARNATION = { tenantId: true, runId: true, incarnation: true } as const;

/** Every field of every table: a new one does not compile until it is named here. */
const FIELDS: { readonly [T in OwnedTable]: Fields<T> } = {
  heads: {
    ...INCARNATION,
    workflow: true,
    version: true,
    status: true,
    startTime: true,
    closeTime: true,
    nextWakeTime: true,
    expireTime: true,
    attributes: true,
  },
  pastHeads: { ...INCARNATION, expireTime: true },
  segments: { ...INCARNATION, segment: true },
  snapshots: { ...INCARNATION, version: true },
  items: { ...INCARNATION, itemId: true, queue: true, tagSet: true, priority: true, state: true },
  signals: { ...INCARNATION, name: true, order: true, expireTime: true },
  deadLetters: { ...INCARNATION, itemId: true, deadLetterId: true, queue: true, deadTime: true },
  outbox: { sourcePartition: true, targetPartition: true, number: true },
  requestIds: { tenantId: true, runId: true, rpc: true, requestId: true, expireTime: true },
};

const TABLES = Object.keys(FIELDS) as readonly OwnedTable[];
const NAMES: readonly (readonly string[])[] = TABLES.map((table) => Object.keys(FIELDS[table]));
const INDEXES = Object.fromEntries(TABLES.map((table, index) => [table, index])) as Readonly<
  Record<OwnedTable, number>
>;

/** What follows the number of a table. */
const DELETE = 0;
const PUT = 1;
const PUT_NEW = 2;
const KINDS = 3;

/** Writes as they go to another thread: in one piece, since each object and each piece of memory on the way costs. */
export interface PackedWrites {
  /** For each write its table and kind in one number, its fields in their order, and the length of its body. */
  readonly values: readonly unknown[];
  /** All bodies, one behind the other. */
  readonly bodies: Uint8Array<ArrayBuffer>;
}

type Row = Readonly<Record<string, unknown>>;

/** Packs writes. Bodies are copied, so that their memory is given away. */
export function packWrites(writes: readonly RowWrite[]): PackedWrites {
  const values: unknown[] = [];
  const bodies = new Uint8Array(bytesOf(writes));
  let at = 0;
  for (const write of writes) {
    const table = INDEXES[write.table];
    const isPut = 'put' in write;
    values.push(table * KINDS + (isPut ? (write.isNew === true ? PUT_NEW : PUT) : DELETE));
    const row = (isPut ? write.put : write.delete) as unknown as Row;
    for (const name of NAMES[table] ?? []) {
      const value = row[name];
      values.push(typeof value === 'object' && isEmpty(value) ? null : value);
    }
    if (!isPut) continue;
    const { body } = write.put;
    bodies.set(body, at);
    at += body.length;
    values.push(body.length);
  }
  return { values, bodies };
}

/** Unpacks what `packWrites` packed; bodies are views. */
export function unpackWrites({ values, bodies }: PackedWrites): RowWrite[] {
  const writes: RowWrite[] = [];
  let bodyAt = 0;
  for (let at = 0; at < values.length; ) {
    const head = values[at] as number;
    at += 1;
    const kind = head % KINDS;
    const table = (head - kind) / KINDS;
    const row: Record<string, unknown> = {};
    for (const name of NAMES[table] ?? []) {
      const value = values[at];
      at += 1;
      if (value !== undefined) row[name] = value ?? {};
    }
    if (kind === DELETE) {
      writes.push({ table: TABLES[table], delete: row } as unknown as RowWrite);
      continue;
    }
    const length = values[at] as number;
    at += 1;
    row['body'] = bodies.subarray(bodyAt, bodyAt + length);
    bodyAt += length;
    writes.push({ table: TABLES[table], put: row, isNew: kind === PUT_NEW } as unknown as RowWrite);
  }
  return writes;
}

/** The bytes of the bodies of some writes. */
function bytesOf(writes: readonly RowWrite[]): number {
  let bytes = 0;
  for (const write of writes) {
    if ('put' in write) bytes += write.put.body.length;
  }
  return bytes;
}

/** Most runs have no attributes, and an object costs more than nothing. */
function isEmpty(value: object | null): boolean {
  for (const _ in value) return false;
  return true;
}
