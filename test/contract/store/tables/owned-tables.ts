import type { StateTables } from '#libs/store/store.ts';
import type { OwnedRows, OwnedTable, RowWrite } from '#libs/store/tables/row-writer.ts';
import {
  deadLetterRow,
  headRow,
  itemRow,
  outboxRow,
  pastHeadRow,
  requestIdRow,
  segmentRow,
  signalRow,
  snapshotRow,
} from './rows.ts';

/** A row as tests of all tables alike see it. */
export interface AnyRow {
  readonly body: Uint8Array;
}

/** A table that an owner writes, as tests of all of them alike see it. */
export interface OwnedTableCase {
  readonly table: OwnedTable;
  /** A row whose key is made of an id, for the tables whose keys have texts. */
  row(id: string, body: Uint8Array, tenantId?: string): AnyRow;
  put(row: AnyRow): RowWrite;
  delete(row: AnyRow): RowWrite;
  /** Reads the row that has the key of another. */
  read(state: StateTables, row: AnyRow): Promise<AnyRow | undefined>;
}

function tableCase<T extends OwnedTable>(
  table: T,
  row: (id: string, tenantId: string) => OwnedRows[T]['row'],
  keyOf: (row: OwnedRows[T]['row']) => OwnedRows[T]['key'],
  read: (state: StateTables, row: OwnedRows[T]['row']) => Promise<OwnedRows[T]['row'] | undefined>,
): OwnedTableCase {
  // Rows come back to the table that made them.
  const own = (any: AnyRow): OwnedRows[T]['row'] => any as OwnedRows[T]['row'];
  return {
    table,
    row: (id, body, tenantId = 'tenant') => ({ ...row(id, tenantId), body }),
    put: (any) => ({ table, put: own(any) }) as RowWrite,
    delete: (any) => ({ table, delete: keyOf(own(any)) }) as RowWrite,
    read: (state, any) => read(state, own(any)),
  };
}

/** Numbers that stand for ids where keys have none, so that other ids are other keys. */
const numbers = new Map<string, number>();

function numberOf(id: string): number {
  const known = numbers.get(id) ?? numbers.size + 1;
  numbers.set(id, known);
  return known;
}

/** All tables that an owner writes. */
export const OWNED_TABLES: readonly OwnedTableCase[] = [
  tableCase(
    'heads',
    (runId, tenantId) => headRow({ runId, tenantId, attributes: { size: { type: 'integer', value: 7n } } }),
    ({ tenantId, runId }) => ({ tenantId, runId }),
    (state, row) => state.readHead(row),
  ),
  tableCase(
    'pastHeads',
    (id, tenantId) => pastHeadRow({ runId: id, tenantId, incarnation: id }),
    ({ tenantId, runId, incarnation }) => ({ tenantId, runId, incarnation }),
    (state, row) => state.readPastHead(row),
  ),
  tableCase(
    'segments',
    (id, tenantId) => segmentRow({ runId: id, tenantId, incarnation: id, segment: numberOf(id) }),
    ({ tenantId, runId, incarnation, segment }) => ({ tenantId, runId, incarnation, segment }),
    async (state, row) =>
      (await state.readSegments(row, row.segment, 1)).find(({ segment }) => segment === row.segment),
  ),
  tableCase(
    'snapshots',
    (id, tenantId) => snapshotRow({ runId: id, tenantId, incarnation: id, version: numberOf(id) }),
    ({ tenantId, runId, incarnation, version }) => ({ tenantId, runId, incarnation, version }),
    async (state, row) => {
      const found = await state.readSnapshot(row, row.version);
      return found?.version === row.version ? found : undefined;
    },
  ),
  tableCase(
    'items',
    (id, tenantId) => itemRow({ runId: id, tenantId, incarnation: id, itemId: id, queue: id, tagSet: id }),
    ({ tenantId, runId, incarnation, itemId }) => ({ tenantId, runId, incarnation, itemId }),
    (state, row) => state.readItem(row),
  ),
  tableCase(
    'signals',
    (id, tenantId) => signalRow({ runId: id, tenantId, incarnation: id, name: id, order: numberOf(id) }),
    ({ tenantId, runId, incarnation, name, order }) => ({ tenantId, runId, incarnation, name, order }),
    async (state, row) =>
      (await state.readSignals(row, 1, row.order - 1)).find(
        ({ order, name }) => order === row.order && name === row.name,
      ),
  ),
  tableCase(
    'deadLetters',
    (id, tenantId) => deadLetterRow({ runId: id, tenantId, incarnation: id, itemId: id, deadLetterId: id, queue: id }),
    ({ tenantId, runId, incarnation, itemId, deadLetterId }) => ({
      tenantId,
      runId,
      incarnation,
      itemId,
      deadLetterId,
    }),
    (state, row) => state.readDeadLetter(row.tenantId, row.deadLetterId),
  ),
  tableCase(
    'outbox',
    // Its keys have no tenant: another one is another partition.
    (id, tenantId) => outboxRow({ sourcePartition: tenantId.length, number: numberOf(id) }),
    ({ sourcePartition, targetPartition, number }) => ({ sourcePartition, targetPartition, number }),
    async (state, row) =>
      (await state.readOutbox(row.sourcePartition, 1, { ...row, number: row.number - 1 })).find(
        ({ number }) => number === row.number,
      ),
  ),
  tableCase(
    'requestIds',
    (id, tenantId) => requestIdRow({ runId: id, tenantId, rpc: id, requestId: id }),
    ({ tenantId, runId, rpc, requestId }) => ({ tenantId, runId, rpc, requestId }),
    (state, row) => state.readRequestId(row),
  ),
];
