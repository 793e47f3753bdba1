import type { Page, PageRequest } from '#libs/store/tables/page.ts';
import { bodyOf, deadLetterRow, headRow, pastHeadRow, snapshotRow, write } from './rows.ts';
import type { OpenTables } from './tables-store.ts';

/** A list that is read in pages, as tests of all of them alike see it. */
export interface PagedCase {
  readonly list: string;
  /** Inserts the row that is at a place of the list; lower numbers come first. */
  insert(tables: OpenTables, place: number): Promise<unknown>;
  /** Reads a page and answers the places of its rows. */
  read(tables: OpenTables, page: PageRequest): Promise<Page<number>>;
  /** Reads a page of a list of the same kind that is of another tenant, run or name. */
  readOther(tables: OpenTables, page: PageRequest): Promise<unknown>;
  /** Reads a page of the same list under another filter. */
  readFiltered?(tables: OpenTables, page: PageRequest): Promise<unknown>;
}

const TENANT = 'tenant';

function textOf(place: number): string {
  return `id-${String(place).padStart(4, '0')}`;
}

function placeOfText(text: string): number {
  return Number(text.slice(3));
}

/** Three places share a time, so that pages end between rows of the same time; later places have earlier ones. */
function timeOf(place: number): number {
  return 10_000 - Math.floor(place / 3);
}

async function places<R>(page: Promise<Page<R>>, placeOf: (row: R) => number): Promise<Page<number>> {
  const { rows, nextToken } = await page;
  return { rows: rows.map(placeOf), nextToken };
}

/** All lists that are read in pages. */
export const PAGED_CASES: readonly PagedCase[] = [
  {
    list: 'heads',
    insert: (tables, place) =>
      write(tables, 1, { table: 'heads', put: headRow({ runId: textOf(place), startTime: timeOf(place) }) }),
    read: ({ state }, page) => places(state.listHeads(TENANT, {}, page), (row) => placeOfText(row.runId)),
    readOther: ({ state }, page) => state.listHeads('other', {}, page),
    readFiltered: ({ state }, page) => state.listHeads(TENANT, { workflow: 'order' }, page),
  },
  {
    list: 'heads of some statuses',
    insert: (tables, place) =>
      write(tables, 1, {
        table: 'heads',
        put: headRow({
          runId: textOf(place),
          startTime: timeOf(place),
          status: place % 2 === 0 ? 'RUNNING' : 'PAUSED',
          version: String(place % 3),
        }),
      }),
    read: ({ state }, page) =>
      places(state.listHeads(TENANT, { statuses: ['PAUSED', 'RUNNING'], workflow: 'order' }, page), (row) =>
        placeOfText(row.runId),
      ),
    readOther: ({ state }, page) =>
      state.listHeads('other', { statuses: ['PAUSED', 'RUNNING'], workflow: 'order' }, page),
    readFiltered: ({ state }, page) => state.listHeads(TENANT, { statuses: ['PAUSED'], workflow: 'order' }, page),
  },
  {
    list: 'heads by attribute',
    insert: (tables, place) =>
      write(tables, 1, {
        table: 'heads',
        put: headRow({
          runId: textOf(place),
          startTime: timeOf(place),
          attributes: {
            region:
              place % 2 === 0 ? { type: 'keyword', value: 'eu' } : { type: 'keyword_list', value: ['us', 'eu', 'eu'] },
          },
        }),
      }),
    read: ({ state }, page) =>
      places(
        state.listHeads(TENANT, { attributes: [{ name: 'region', equals: { type: 'keyword', value: 'eu' } }] }, page),
        (row) => placeOfText(row.runId),
      ),
    readOther: ({ state }, page) =>
      state.listHeads('other', { attributes: [{ name: 'region', equals: { type: 'keyword', value: 'eu' } }] }, page),
    readFiltered: ({ state }, page) =>
      state.listHeads(TENANT, { attributes: [{ name: 'region', equals: { type: 'keyword', value: 'us' } }] }, page),
  },
  {
    list: 'past heads',
    insert: (tables, place) =>
      write(tables, 1, { table: 'pastHeads', put: pastHeadRow({ incarnation: textOf(9_999 - place) }) }),
    read: ({ state }, page) =>
      places(
        state.listPastHeads({ tenantId: TENANT, runId: 'run' }, page),
        (row) => 9_999 - placeOfText(row.incarnation),
      ),
    readOther: ({ state }, page) => state.listPastHeads({ tenantId: TENANT, runId: 'other' }, page),
  },
  {
    list: 'runs with snapshots',
    insert: (tables, place) =>
      write(
        tables,
        1,
        ...[1, 2, 3].map(
          (version) => ({ table: 'snapshots', put: snapshotRow({ runId: textOf(place), version }) }) as const,
        ),
      ),
    read: ({ state }, page) => places(state.listSnapshotRuns(TENANT, page), placeOfText),
    readOther: ({ state }, page) => state.listSnapshotRuns('other', page),
  },
  {
    list: 'dead letters',
    insert: (tables, place) =>
      write(tables, 1, {
        table: 'deadLetters',
        put: deadLetterRow({ itemId: textOf(place), deadLetterId: textOf(place), deadTime: timeOf(place) }),
      }),
    read: ({ state }, page) => places(state.listDeadLetters(TENANT, {}, page), (row) => placeOfText(row.deadLetterId)),
    readOther: ({ state }, page) => state.listDeadLetters('other', {}, page),
    readFiltered: ({ state }, page) => state.listDeadLetters(TENANT, { queue: 'default' }, page),
  },
  {
    list: 'definitions',
    insert: ({ state }, place) =>
      state.definitions.insert({
        tenantId: TENANT,
        workflow: `workflow-${Math.floor(place / 30)}`.padEnd(12, ' '),
        version: textOf(place),
        hash: 'hash',
        packageDigest: 'digest',
        isRetired: false,
        createTime: timeOf(place),
        body: bodyOf(''),
      }),
    read: ({ state }, page) => places(state.definitions.list(TENANT, {}, page), (row) => placeOfText(row.version)),
    readOther: ({ state }, page) => state.definitions.list('other', {}, page),
    readFiltered: ({ state }, page) => state.definitions.list(TENANT, { packageDigest: 'digest' }, page),
  },
  {
    list: 'active versions',
    insert: async ({ state }, place) => {
      for (const number of [2, 1]) {
        await state.activations.insert({
          tenantId: TENANT,
          name: textOf(place),
          number,
          createTime: 1,
          body: bodyOf(''),
        });
      }
    },
    read: ({ state }, page) => places(state.activations.listNewest(TENANT, page), (row) => placeOfText(row.name)),
    readOther: ({ state }, page) => state.activations.listNewest('other', page),
  },
  {
    list: 'activations of a name',
    insert: ({ registry }, place) =>
      registry.activations.insert({
        tenantId: TENANT,
        name: 'name',
        number: 9_999 - place,
        createTime: 1,
        body: bodyOf(''),
      }),
    read: ({ registry }, page) => places(registry.activations.list(TENANT, 'name', page), (row) => 9_999 - row.number),
    readOther: ({ registry }, page) => registry.activations.list(TENANT, 'other', page),
  },
  {
    list: 'tenants',
    insert: ({ state }, place) =>
      state.tenants.insert({ tenantId: textOf(place), status: 'ACTIVE', createTime: 1, body: bodyOf('') }),
    read: ({ state }, page) => places(state.tenants.list(page), (row) => placeOfText(row.tenantId)),
    readOther: ({ state }, page) => state.tokens.list('', page),
  },
  {
    list: 'tokens',
    insert: ({ state }, place) =>
      state.tokens.insert({
        tenantId: TENANT,
        tokenId: textOf(place),
        secretHash: `hash of ${place}`,
        createTime: timeOf(place),
        body: bodyOf(''),
      }),
    read: ({ state }, page) => places(state.tokens.list(TENANT, page), (row) => placeOfText(row.tokenId)),
    readOther: ({ state }, page) => state.tokens.list('other', page),
  },
  {
    list: 'packages',
    insert: ({ registry }, place) =>
      registry.packages.insert({
        tenantId: TENANT,
        name: `package-${Math.floor(place / 30)}`.padEnd(12, ' '),
        version: textOf(place),
        digest: `digest of ${place}`,
        createTime: timeOf(place),
        body: bodyOf(''),
      }),
    read: ({ registry }, page) => places(registry.packages.list(TENANT, {}, page), (row) => placeOfText(row.version)),
    readOther: ({ registry }, page) => registry.packages.list('other', {}, page),
    readFiltered: ({ registry }, page) => registry.packages.list(TENANT, { name: 'package-0' }, page),
  },
  {
    list: 'signing keys',
    insert: ({ registry }, place) =>
      registry.signingKeys.insert({ tenantId: TENANT, keyId: textOf(place), createTime: 1, body: bodyOf('') }),
    read: ({ registry }, page) => places(registry.signingKeys.list(TENANT, page), (row) => placeOfText(row.keyId)),
    readOther: ({ registry }, page) => registry.signingKeys.list('other', page),
  },
];
