import type { RegistryTables, StateTables } from '../store.ts';
import type { Attributes } from '../tables/attribute.ts';
import { decodeAttributes, encodeAttributes } from '../tables/attribute-codec.ts';
import type { ItemState } from '../tables/items.ts';
import type { OwnedTable, RowWrite } from '../tables/row-writer.ts';
import type { ScannedRows, ScannedTable } from '../tables/scan.ts';

/** Tables that owners write behind the journal. */
export const OWNED_TABLES: readonly OwnedTable[] = [
  'heads',
  'pastHeads',
  'segments',
  'snapshots',
  'items',
  'signals',
  'deadLetters',
  'outbox',
  'requestIds',
];

/** Tables of the state service that are written on their own. */
export const STATE_TABLES = ['tenants', 'tokens', 'definitions', 'activations', 'audit', 'leases', 'cursors'] as const;

/** Tables of the registry. */
export const REGISTRY_TABLES = ['packages', 'activations', 'signingKeys', 'audit'] as const;

/** A row in a backup: JSON, and its body beside it. */
export interface PackedRow {
  readonly table: ScannedTable;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

/** Takes a row apart. */
export function packRow<T extends ScannedTable>(table: T, row: ScannedRows[T]): PackedRow {
  const {
    body = new Uint8Array(),
    attributes,
    ...fields
  } = row as {
    readonly body?: Uint8Array;
    readonly attributes?: Attributes;
  };
  return {
    table,
    fields: attributes === undefined ? fields : { ...fields, attributes: encodeAttributes(attributes) },
    body,
  };
}

/** Puts a row together again. */
function unpackRow({ table, fields, body }: PackedRow): ScannedRows[ScannedTable] {
  const { attributes, state, ...rest } = fields;
  return {
    ...rest,
    ...(table === 'cursors' ? {} : { body: Uint8Array.from(body) }),
    ...(typeof attributes === 'string' ? { attributes: decodeAttributes(attributes) } : {}),
    ...(table === 'items' ? { state: itemState(state) } : {}),
  } as unknown as ScannedRows[ScannedTable];
}

/** JSON has no undefined: a lease that never expires has no field for it. */
function itemState(packed: unknown): ItemState {
  const state = packed as ItemState;
  return state.kind === 'leased' ? { kind: 'leased', until: state.until } : state;
}

/** Whether the table is one of those that owners write. */
export function isOwned(table: ScannedTable): table is OwnedTable {
  return (OWNED_TABLES as readonly string[]).includes(table);
}

/** The write of a row that an owner wrote. */
export function writeFromRow(row: PackedRow & { readonly table: OwnedTable }): RowWrite {
  return { table: row.table, put: unpackRow(row) } as RowWrite;
}

/** Writes a row of the state service that is written on its own. Answers `false` where it stands. */
export async function loadStateRow(tables: StateTables, packed: PackedRow): Promise<boolean> {
  const row: unknown = unpackRow(packed);
  switch (packed.table) {
    case 'checkpoints':
      return await tables.writeCheckpoint(row as ScannedRows['checkpoints']);
    case 'cursors': {
      const { name, value } = row as ScannedRows['cursors'];
      return await tables.writeCursor(name, value);
    }
    case 'definitions':
      return await tables.definitions.insert(row as ScannedRows['definitions']);
    case 'activations':
      return await tables.activations.insert(row as ScannedRows['activations']);
    case 'tenants':
      return await tables.tenants.insert(row as ScannedRows['tenants']);
    case 'tokens':
      return await tables.tokens.insert(row as ScannedRows['tokens']);
    case 'leases':
      return await tables.leases.insert(row as ScannedRows['leases']);
    case 'audit':
      return await tables.audit.insert(row as ScannedRows['audit']);
    default:
      throw new TypeError(`the state service has no table ${packed.table}`);
  }
}

/** Writes a row of the registry. Answers `false` where it stands. */
export async function loadRegistryRow(tables: RegistryTables, packed: PackedRow): Promise<boolean> {
  const row: unknown = unpackRow(packed);
  switch (packed.table) {
    case 'packages':
      return await tables.packages.insert(row as ScannedRows['packages']);
    case 'activations':
      return await tables.activations.insert(row as ScannedRows['activations']);
    case 'signingKeys':
      return await tables.signingKeys.insert(row as ScannedRows['signingKeys']);
    case 'audit':
      return await tables.audit.insert(row as ScannedRows['audit']);
    default:
      throw new TypeError(`the registry has no table ${packed.table}`);
  }
}
