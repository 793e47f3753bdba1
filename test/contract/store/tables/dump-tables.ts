import { ALL_SLOTS } from '#libs/store/slots.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import type { Page, PageRequest } from '#libs/store/tables/page.ts';
import { INCARNATIONS, NAMES, RUNS, TENANTS } from './random-operations.ts';
import type { OpenTables } from './tables-store.ts';

const MANY = 1_000;
const SLOTS = [ALL_SLOTS, { from: 200, to: 800 }];

/** Reads a list to its end, in pages. */
export async function readPages<R>(
  limit: number,
  read: (page: PageRequest) => Promise<Page<R>>,
): Promise<readonly R[]> {
  const rows: R[] = [];
  let token: string | undefined;
  do {
    const page = await read(token === undefined ? { limit } : { limit, token });
    rows.push(...page.rows);
    token = page.nextToken;
  } while (token !== undefined);
  return rows;
}

/** All that the reads of both services answer about the few ids of random operations. */
export async function dumpTables({ state, registry }: OpenTables): Promise<unknown> {
  const tenants = await Promise.all(TENANTS.map((tenantId) => dumpTenant({ state, registry }, tenantId)));
  const slots = await Promise.all(
    SLOTS.map(async (range) => ({
      due: await state.dueBefore(range, 5, MANY),
      dueFirst: await state.dueBefore(range, 5, 2),
      expired: await state.expiredBefore(range, 5, MANY),
      pastExpired: await state.pastHeadsExpiredBefore(range, 5, MANY),
      signalsExpired: await state.signalsExpiredBefore(range, 5, MANY),
      requestsExpired: await state.requestIdsExpiredBefore(range, 5, MANY),
      itemsDue: await state.itemsDueBefore(range, 5, MANY),
      ready: await Promise.all(
        (await state.readyLists(range, MANY)).map(async (list) => [list, await state.readyHead(range, list, MANY)]),
      ),
    })),
  );
  return {
    tenants,
    slots,
    outbox: await Promise.all([0, 1].map((partition) => state.readOutbox(partition, MANY))),
    marks: await Promise.all(
      [0, 1, 2].map(async (mark) => [await state.readCheckpoint(mark), await state.readCursor(`cursor ${mark}`)]),
    ),
    tenantRows: await readPages(2, (page) => state.tenants.list(page)),
    leases: await state.leases.list(),
    members: await state.members.list(),
  };
}

async function dumpTenant({ state, registry }: OpenTables, tenantId: string): Promise<unknown> {
  const keys: readonly IncarnationKey[] = RUNS.flatMap((runId) =>
    ['', ...INCARNATIONS].map((incarnation) => ({ tenantId, runId, incarnation })),
  );
  return {
    heads: await readPages(3, (page) => state.listHeads(tenantId, {}, page)),
    headsByKey: await Promise.all(RUNS.map((runId) => state.readHead({ tenantId, runId }))),
    running: await readPages(2, (page) => state.listHeads(tenantId, { statuses: ['RUNNING', 'FAILED'] }, page)),
    byAttribute: await Promise.all(
      NAMES.map((value) => {
        const filter = { attributes: [{ name: 'p', equals: { type: 'keyword', value } as const }] };
        return readPages(2, (page) => state.listHeads(tenantId, filter, page));
      }),
    ),
    counts: await Promise.all([
      state.countHeads(tenantId, {}),
      state.countHeads(tenantId, { statuses: ['RUNNING'] }),
      state.countHeads(tenantId, { workflow: 'w' }),
      state.countHeads(tenantId, { startedBefore: 3 }),
      ...SLOTS.map((slots) => state.countUnfinished(tenantId, 'w', '1', slots)),
    ]),
    pastHeads: await Promise.all(
      RUNS.map((runId) => readPages(1, (page) => state.listPastHeads({ tenantId, runId }, page))),
    ),
    byRun: await Promise.all(
      keys.map(async (key) => ({
        segments: await state.readSegments(key, 0, MANY),
        snapshot: await state.readSnapshot(key),
        snapshots: await state.listSnapshotVersions(key),
        items: await state.itemsOfRun(key, MANY),
        signals: await state.readSignals(key, MANY),
      })),
    ),
    snapshotRuns: await readPages(2, (page) => state.listSnapshotRuns(tenantId, page)),
    deadLetters: await readPages(3, (page) => state.listDeadLetters(tenantId, {}, page)),
    deadLettersBy: await Promise.all(
      [{ queue: 'y' }, { runId: 'r' }, { runId: '', queue: 'y' }].map((filter) =>
        readPages(2, (page) => state.listDeadLetters(tenantId, filter, page)),
      ),
    ),
    requests: await Promise.all(
      RUNS.flatMap((runId) =>
        NAMES.map((requestId) => state.readRequestId({ tenantId, runId, rpc: 'StartRun', requestId })),
      ),
    ),
    queues: await Promise.all(NAMES.map((queue) => state.countItems(tenantId, queue))),
    activations: await Promise.all([
      readPages(2, (page) => state.activations.listNewest(tenantId, page)),
      ...NAMES.map((name) => readPages(2, (page) => state.activations.list(tenantId, name, page))),
    ]),
    audit: [await state.audit.list(tenantId, 0, MANY), await state.audit.last(tenantId)],
    definitions: await readPages(2, (page) => state.definitions.list('tenant', {}, page)),
    tokens: await readPages(2, (page) => state.tokens.list('tenant', page)),
    packages: await readPages(2, (page) => registry.packages.list('tenant', {}, page)),
    signingKeys: await readPages(2, (page) => registry.signingKeys.list('tenant', page)),
  };
}
