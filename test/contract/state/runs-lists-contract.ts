import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AttributeOperator } from '#gen/millrace/state/v1/run_filter_pb.ts';
import { type Run, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import { ConflictPolicy, type ListRunsResponse } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { StateStore } from '#libs/store/store.ts';
import { headRow, signal, stampAt } from '#test/contract/store/tables/rows.ts';
import { failureOf } from '#test/doors/failure.ts';
import { FILTER_CASES, inListOrder, integer, keyword, keywords, startListedRuns } from './listed-runs.ts';
import { idsOf, type RunCalls, runCalls } from './run-calls.ts';
import { DOORS, GRPC, newTenant, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

/** All pages of a list, one after the other. */
async function pagesOf(readPage: (pageToken: string) => Promise<ListRunsResponse>): Promise<string[][]> {
  const pages: string[][] = [];
  let token = '';
  do {
    const page = await readPage(token);
    pages.push(idsOf(page.runs));
    token = page.nextPageToken;
  } while (token !== '');
  return pages;
}

/** Waits until lists show a change. Those of several partitions do so one by one. */
async function untilListed(list: RunCalls['list'], { commitToken }: { readonly commitToken: string }): Promise<void> {
  await list({ pageSize: 1, afterCommit: commitToken });
}

/** What RunService.ListRuns and CountRuns promise, on any store and through both doors. */
export function runsListsContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let store: StateStore;
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      store = stack.use(await home.openState());
      served = stack.use(await serveState(store));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      const open = (tenantId?: string): Promise<RunCalls> => runCalls(door, served, tenantId);

      describe('of runs of every kind', () => {
        let calls: RunCalls;
        let runs: ReadonlyMap<string, Run>;

        beforeAll(async () => {
          calls = await open();
          await startListedRuns(calls);
          // The tables lag by a round, and nothing of these runs changes any more.
          await vi.waitFor(async () => {
            expect((await calls.list()).runs).toHaveLength(9);
            expect((await calls.list({ filter: { statuses: [RunStatus.RUNNING] } })).runs).toHaveLength(1);
          });
          runs = new Map((await calls.list()).runs.map((run) => [run.runId, run]));
        }, 30_000);

        test.each(FILTER_CASES)('[62] a list and a count are filtered by %s', async (_name, wanted, ids) => {
          const filter = typeof wanted === 'function' ? wanted(runs) : wanted;
          const { tenantId } = calls;
          const listed = await calls.list({ filter });
          expect(idsOf(listed.runs).toSorted()).toEqual(ids);
          expect(listed.runs).toEqual(inListOrder(listed.runs));
          expect(listed.nextPageToken).toBe('');
          expect(await pagesOf((pageToken) => page(3, pageToken))).toEqual(chunks(idsOf(listed.runs), 3));
          const offset = await calls.list({ filter, start: { case: 'offset', value: 1 } });
          expect(idsOf(offset.runs)).toEqual(idsOf(listed.runs).slice(1));
          expect(await calls.runs.countRuns({ tenantId, filter }, ROOT)).toMatchObject({
            count: BigInt(ids.length),
            byStatus: [],
          });
          const counted = await calls.runs.countRuns({ tenantId, filter, byStatus: true }, ROOT);
          const statuses = Map.groupBy(listed.runs, ({ status }) => status);
          expect(counted.count).toBe(BigInt(ids.length));
          expect(new Map(counted.byStatus.map(({ status, count }) => [status, Number(count)]))).toEqual(
            new Map(Array.from(statuses, ([status, found]) => [status, found.length])),
          );

          function page(pageSize: number, token: string): Promise<ListRunsResponse> {
            const start = token === '' ? {} : { start: { case: 'pageToken', value: token } as const };
            return calls.list({ filter, pageSize, ...start });
          }
        });

        test('a list shows as much of a run as its view says, the same as reading the run', async () => {
          const { tenantId } = calls;
          for (const view of [RunView.UNSPECIFIED, RunView.BASIC, RunView.STATE, RunView.FULL]) {
            for (const listed of (await calls.list({ view })).runs) {
              const { run } = await calls.runs.getRun({ tenantId, runId: listed.runId, view }, ROOT);
              expect(listed).toEqual(run);
            }
          }
        });

        test('a page token is good for its own list and filter only, whatever the size of the page', async () => {
          const { tenantId } = calls;
          const filter = { workflow: 'order' };
          const { nextPageToken: value } = await calls.list({ pageSize: 1, filter });
          const start = { case: 'pageToken', value } as const;
          expect(idsOf((await calls.list({ start, filter })).runs)).toHaveLength(4);
          const invalid = { code: 'INVALID_ARGUMENT', reason: 'PAGE_TOKEN_INVALID' };
          expect(await failureOf(calls.list({ start }))).toMatchObject(invalid);
          const narrower = { ...filter, tags: ['gpu'] };
          expect(await failureOf(calls.list({ start, filter: narrower }))).toMatchObject(invalid);
          expect(await failureOf((await open()).list({ start, filter }))).toMatchObject(invalid);
          const damaged = { case: 'pageToken', value: `${value.slice(0, -1)}_` } as const;
          expect(await failureOf(calls.list({ start: damaged, filter }))).toMatchObject(invalid);
          expect(idsOf((await calls.list({ start: { case: 'pageToken', value: '' } })).runs)).toHaveLength(9);
          expect(await failureOf(calls.runs.listRuns({ tenantId, pageSize: -1 }, ROOT))).toMatchObject({
            reason: 'INVALID_FIELDS',
          });
        });

        test('[62] beyond the end there is nothing, which is no error', async () => {
          const far = { case: 'offset', value: 1_000_000 } as const;
          expect(await calls.list({ start: far })).toMatchObject({ runs: [], nextPageToken: '' });
          expect(await calls.list({ start: far, filter: { tags: ['gpu'] } })).toMatchObject({
            runs: [],
            nextPageToken: '',
          });
          const last = await calls.list({ pageSize: 1, start: { case: 'offset', value: 8 } });
          expect([last.runs.length, last.nextPageToken]).toEqual([1, '']);
        });

        test('a comparison that compares nothing is refused with the field', async () => {
          const { LESS, EQUAL, PREFIX } = AttributeOperator;
          const refused = [
            [{ name: 'a', operator: EQUAL }, 'filter.attributes[0].value'],
            [{ name: 'a', operator: EQUAL, value: keywords() }, 'filter.attributes[0].value.keyword_list'],
            [{ name: 'a', operator: LESS, value: keywords('x') }, 'filter.attributes[0].value.keyword_list'],
            [{ name: 'a', operator: PREFIX, value: integer(1n) }, 'filter.attributes[0].value'],
          ] as const;
          for (const [attribute, field] of refused) {
            const { reason, violations } = await failureOf(calls.list({ filter: { attributes: [attribute] } }));
            expect([reason, violations.map((violation) => violation.field)]).toEqual(['INVALID_FIELDS', [field]]);
          }
        });
      });

      test('[62] pages do not shift when others start runs, and a change of status moves nothing', async () => {
        const { tenantId, start, list, runs } = await open();
        for (let index = 0; index < 8; index += 1) await untilListed(list, await start(`r-${index}`));
        const before = idsOf((await list()).runs);
        expect(before).toHaveLength(8);
        let started = 0;
        const pages = await pagesOf(async (value) => {
          const page = await list({ pageSize: 3, ...(value === '' ? {} : { start: { case: 'pageToken', value } }) });
          await untilListed(list, await start(`later-${(started += 1)}`));
          await untilListed(list, await runs.pauseRun({ tenantId, runId: `r-${started}` }, ROOT));
          return page;
        });
        expect(pages).toEqual(chunks(before, 3));
      });

      test('a list that names a commit shows it, be it a start, a control or a change that changed nothing', async () => {
        const { tenantId, start, list, runs } = await open();
        for (let round = 0; round < 5; round += 1) {
          const runId = `r-${round}`;
          const { commitToken } = await start(runId);
          expect(idsOf((await list({ afterCommit: commitToken })).runs)).toContain(runId);
          const paused = await runs.pauseRun({ tenantId, runId }, ROOT);
          const filter = { statuses: [RunStatus.PAUSED] };
          expect(idsOf((await list({ filter, afterCommit: paused.commitToken })).runs)).toContain(runId);
          const again = await runs.pauseRun({ tenantId, runId }, ROOT);
          const existing = await start(runId, { conflictPolicy: ConflictPolicy.USE_EXISTING });
          for (const afterCommit of [again.commitToken, existing.commitToken]) {
            const { count } = await runs.countRuns({ tenantId, filter, afterCommit }, ROOT);
            expect(count).toBe(BigInt(round + 1));
          }
        }
        for (const afterCommit of ['x', '99999.1', '1']) {
          expect(await failureOf(list({ afterCommit }))).toMatchObject({
            reason: 'INVALID_FIELDS',
            violations: [{ field: 'after_commit' }],
          });
        }
      });

      test('[39] incarnations that were replaced are listed on request, each behind the one that replaced it', async () => {
        const { tenantId, start, list, runs } = await open();
        const attributes = { generation: integer(1n) };
        const conflictPolicy = ConflictPolicy.TERMINATE_EXISTING;
        const first = await start('a', { attributes });
        await untilListed(list, await start('b'));
        const second = await start('a', { conflictPolicy });
        const third = await start('a', { conflictPolicy, attributes: { generation: integer(3n) } });
        await untilListed(list, third);
        await untilListed(list, await start('c'));
        const filter = { includeReplaced: true };
        const all = await list({ filter });
        const names = ['c', 'a', 'a', 'a', 'b'];
        // Starts within a millisecond are in order of their ids.
        expect(idsOf(all.runs).toSorted()).toEqual(names.toSorted());
        const ofA = all.runs.filter(({ runId }) => runId === 'a');
        expect(ofA.map(({ incarnation }) => incarnation)).toEqual(
          [third, second, first].map(({ run }) => run?.incarnation),
        );
        expect(ofA.map(({ status }) => status)).toEqual([
          RunStatus.PENDING,
          RunStatus.TERMINATED,
          RunStatus.TERMINATED,
        ]);
        for (const pageSize of [1, 2, 3]) {
          const pages = await pagesOf((value) =>
            list({ filter, pageSize, ...(value === '' ? {} : { start: { case: 'pageToken', value } }) }),
          );
          expect(pages).toEqual(chunks(idsOf(all.runs), pageSize));
        }
        const ended = { ...filter, statuses: [RunStatus.TERMINATED] };
        expect(idsOf((await list({ filter: ended })).runs)).toEqual(['a', 'a']);
        const old = { ...filter, attributes: [{ name: 'generation', value: integer(1n) }] };
        const [oldest, ...others] = (await list({ filter: old })).runs;
        expect([oldest?.incarnation, others]).toEqual([first.run?.incarnation, []]);
        expect(idsOf((await list()).runs).toSorted()).toEqual(['a', 'b', 'c']);
        expect((await runs.countRuns({ tenantId, filter, byStatus: true }, ROOT)).count).toBe(5n);
      });

      test('a page ends at 1 MiB though more was asked for, and nothing is lost between pages', async () => {
        const { start, list } = await open();
        const input = { value: { case: 'json', value: JSON.stringify('x'.repeat(60_000)) } } as const;
        const started = await Promise.all(Array.from({ length: 30 }, (_, index) => start(`r-${index}`, { input })));
        for (const one of started) await untilListed(list, one);
        expect((await list()).runs).toHaveLength(30);
        const pages = await pagesOf((value) =>
          list({ view: RunView.FULL, ...(value === '' ? {} : { start: { case: 'pageToken', value } }) }),
        );
        expect(pages.map(({ length }) => length)).toEqual([17, 13]);
        expect(new Set(pages.flat()).size).toBe(30);
      });

      test('a filter that finds little answers short pages and comes to everything', async () => {
        const { tenantId, start, list, runs } = await open();
        const { commitToken } = await start('wanted', { attributes: { region: keyword('eu') } });
        const later = Date.now() + 3_600_000;
        const rows = Array.from({ length: 5_200 }, (_, index) => ({
          table: 'heads' as const,
          put: headRow({ tenantId, runId: `other-${index}`, startTime: later + index, status: 'RUNNING' }),
        }));
        for (let at = 0; at < rows.length; at += 200)
          await store.tables.writeRows(stampAt(1), rows.slice(at, at + 200), signal);
        const filter = { runIdPrefix: 'wanted' };
        const pages = await pagesOf((value) =>
          list({ filter, afterCommit: commitToken, ...(value === '' ? {} : { start: { case: 'pageToken', value } }) }),
        );
        expect(pages).toEqual([[], ['wanted']]);
        // What of an offset is left over is counted on with the next page.
        const others = { runIdPrefix: 'other' };
        const first = await list({ filter: others, pageSize: 1, start: { case: 'offset', value: 5_100 } });
        expect([first.runs, first.nextPageToken]).toEqual([[], expect.stringMatching(/./)]);
        const next = { case: 'pageToken', value: first.nextPageToken } as const;
        expect(await failureOf(list({ filter: others, pageSize: 1, start: next }))).toMatchObject({
          message: expect.stringContaining('other-99 '),
        });
        expect((await runs.countRuns({ tenantId, filter }, ROOT)).count).toBe(1n);
      });

      test('[69] a tenant sees its own runs, and a name that only others have finds nothing', async () => {
        const [a, b] = [await open(), await open()];
        const { commitToken } = await a.start('same');
        await b.start('same', { attributes: { region: keyword('eu') } });
        expect(idsOf((await a.list({ afterCommit: commitToken })).runs)).toEqual(['same']);
        const filter = { attributes: [{ name: 'region', value: keyword('eu') }] };
        expect((await a.list({ filter })).runs).toEqual([]);
        const nobody = newTenant();
        expect((await a.runs.listRuns({ tenantId: nobody }, ROOT)).runs).toEqual([]);
        expect((await a.runs.countRuns({ tenantId: nobody, byStatus: true }, ROOT)).count).toBe(0n);
      });

      test('what does not decode is DATA_CORRUPTION and not half a run', async () => {
        const { tenantId, list } = await open();
        const put = headRow({ tenantId, runId: 'broken', startTime: 1, status: 'RUNNING', body: Uint8Array.of(9, 9) });
        await store.tables.writeRows(stampAt(1), [{ table: 'heads', put }], signal);
        expect(await failureOf(list())).toMatchObject({ code: 'DATA_LOSS', reason: 'DATA_CORRUPTION' });
        expect((await list({ filter: { minStartTime: timestampFromMs(2) } })).runs).toEqual([]);
      });
    });

    test('a list that names a commit of a partition that is served elsewhere waits for its tables too', async () => {
      const home = stack.use(await createHome());
      await using elsewhere = await serveState(stack.use(await home.openState()));
      const { tenantId, start, list, runs } = await runCalls(GRPC, elsewhere);
      const { node } = elsewhere;
      const { partition } = node.partitionOf({ tenantId, runId: 'r' });
      const { commitToken } = await start('r');
      node.drop(partition);
      const listing = list({ afterCommit: commitToken });
      const early = runs.listRuns({ tenantId, afterCommit: commitToken }, { ...ROOT, timeoutMs: 300 });
      expect(await failureOf(early)).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      await node.takeOver(partition, 2, AbortSignal.timeout(10_000));
      expect(idsOf((await listing).runs)).toEqual(['r']);
      const existing = await start('r', { conflictPolicy: ConflictPolicy.USE_EXISTING });
      await node.catchUp(partition);
      await node.release(partition);
      expect(idsOf((await list({ afterCommit: existing.commitToken })).runs)).toEqual(['r']);
    });
  });
}

function chunks<T>(values: readonly T[], size: number): T[][] {
  const count = Math.max(1, Math.ceil(values.length / size));
  return Array.from({ length: count }, (_, index) => values.slice(index * size, index * size + size));
}
