import { setTimeout as sleep } from 'node:timers/promises';
import { durationFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Worker, WorkMode } from '#gen/millrace/state/v1/worker_pb.ts';
import { failureOf } from '#test/doors/failure.ts';
import { as } from '#test/doors/token-authenticator.ts';
import { type RunCalls, runCalls } from './run-calls.ts';
import { DOORS, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

/** What DispatchService.ListWorkers and DrainWorker promise, on any store and through both doors. */
export function workersContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      served = stack.use(await serveState(stack.use(await home.openState())));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<RunCalls> => runCalls(door, served);

      test('workers are listed by id with what they take, can do and hold', async () => {
        const { tenantId, dispatch, start, worker } = await open();
        expect(await dispatch.listWorkers({ tenantId }, ROOT)).toMatchObject({ workers: [], nextPageToken: '' });
        const definitions = ['order@2', '@acme/bill@1.0.0', 'order@1'];
        await using two = await worker('w-2', {
          queues: ['gpu', 'default'],
          tags: ['eu', 'a100'],
          definitions,
          slots: 3,
        });
        await using one = await worker('w-1', { slots: 0 });
        await using again = await worker('w-1', { slots: 0, queues: ['other'] });
        await start('r');
        await two.assigned('r');
        const { workers } = await dispatch.listWorkers({ tenantId }, ROOT);
        expect(workers).toMatchObject([
          { workerId: 'w-1', queues: ['default', 'other'], tags: [], slots: 0, leased: 0, draining: false },
          {
            workerId: 'w-2',
            sessionIds: [two.sessionId],
            queues: ['default', 'gpu'],
            tags: ['a100', 'eu'],
            definitions: [
              { workflow: '@acme/bill', version: '1.0.0' },
              { workflow: 'order', version: '1' },
              { workflow: 'order', version: '2' },
            ],
            slots: 3,
            leased: 1,
          },
        ]);
        expect(workers[0]?.sessionIds.toSorted()).toEqual([one.sessionId, again.sessionId].toSorted());
        expect(Math.abs(timestampMs(workers[1]?.heartbeatTime as never) - Date.now())).toBeLessThan(10_000);
        await one[Symbol.asyncDispose]();
        await again[Symbol.asyncDispose]();
        await vi.waitFor(async () => {
          const left = (await dispatch.listWorkers({ tenantId }, ROOT)).workers;
          expect(left.map(({ workerId }) => workerId)).toEqual(['w-2']);
        });
      });

      test('a worker is listed with what it said of itself, and since when it is connected', async () => {
        const { tenantId, dispatch, worker } = await open();
        const before = Date.now();
        const facts = { sdk: 'typescript/1.2.0', tasks: ['b', 'a'], mode: WorkMode.DIRECT };
        await using direct = await worker('w-1', { slots: 7, build: 'b1', facts });
        await using plain = await worker('w-2');
        const list = async (): Promise<Worker[]> => (await dispatch.listWorkers({ tenantId }, ROOT)).workers;
        const [first, second] = await list();
        expect(first).toMatchObject({
          sdk: 'typescript/1.2.0',
          tasks: ['a', 'b'],
          mode: WorkMode.DIRECT,
          slots: 7,
          definitions: [{ workflow: 'order', version: '1', build: 'b1' }],
        });
        expect(second).toMatchObject({ sdk: '', tasks: [], mode: WorkMode.RELAYED, slots: 1 });
        expect(second?.definitions).toMatchObject([{ build: '', definitionHash: '' }]);
        for (const one of [first, second]) {
          expect(timestampMs(one?.connectTime as never)).toBeGreaterThanOrEqual(before);
          expect(timestampMs(one?.connectTime as never)).toBeLessThanOrEqual(Date.now());
        }
        const announce = [{ workflow: 'bill', version: '2', definitionHash: 'h', build: 'b2' }];
        direct.send({ announce, retract: [{ workflow: 'order', version: '1' }] });
        plain.send({ announce: [{ workflow: 'order', version: '1', build: 'b3' }] });
        await vi.waitFor(async () => {
          const [changed, other] = await list();
          expect(changed?.definitions).toMatchObject(announce);
          expect(changed?.definitions).toHaveLength(1);
          expect(other?.definitions).toMatchObject([{ workflow: 'order', build: 'b3' }]);
        });
      });

      test('the list is paged, filtered by queue and workflow, and of its tenant', async () => {
        const { tenantId, dispatch, worker } = await open();
        const other = await open();
        await using workers = new AsyncDisposableStack();
        for (let index = 0; index < 5; index += 1) {
          const definitions = [index % 2 === 0 ? 'order@1' : 'bill@1'];
          workers.use(await worker(`w-${index}`, { queues: [index < 3 ? 'low' : 'high'], definitions }));
        }
        workers.use(await other.worker('w-9'));
        const list = async (request: { queue?: string; workflow?: string; pageSize?: number }): Promise<string[][]> => {
          const pages: string[][] = [];
          let pageToken = '';
          do {
            const page = await dispatch.listWorkers({ ...request, tenantId, pageToken }, ROOT);
            pages.push(page.workers.map(({ workerId }) => workerId));
            pageToken = page.nextPageToken;
          } while (pageToken !== '');
          return pages;
        };
        expect(await list({})).toEqual([['w-0', 'w-1', 'w-2', 'w-3', 'w-4']]);
        expect(await list({ pageSize: 2 })).toEqual([['w-0', 'w-1'], ['w-2', 'w-3'], ['w-4']]);
        expect(await list({ queue: 'low', pageSize: 2 })).toEqual([['w-0', 'w-1'], ['w-2']]);
        expect(await list({ workflow: 'bill', pageSize: 1 })).toEqual([['w-1'], ['w-3']]);
        expect(await list({ queue: 'high', workflow: 'order' })).toEqual([['w-4']]);
        expect(await list({ queue: 'none' })).toEqual([[]]);
        const { nextPageToken } = await dispatch.listWorkers({ tenantId, pageSize: 1 }, ROOT);
        for (const wrong of [{ queue: 'low' }, { tenantId: other.tenantId }]) {
          const request = { tenantId, pageToken: nextPageToken, ...wrong };
          expect(await failureOf(dispatch.listWorkers(request, ROOT))).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
        }
      });

      test('a worker that is drained is told, ends what it has, gets nothing new, and works again once that is taken back', async () => {
        const { tenantId, dispatch, start, worker, runs } = await open();
        await using one = await worker('w-1', { slots: 2 });
        await start('held');
        const held = await one.assigned('held');
        const grace = durationFromMs(7_000);
        const drained = await dispatch.drainWorker({ tenantId, workerId: 'w-1', reason: 'deploy', grace }, ROOT);
        expect(drained.worker).toMatchObject({ workerId: 'w-1', draining: true, slots: 2, leased: 1 });
        expect(await one.until(({ drain }) => drain)).toMatchObject({ reason: 'deploy', grace, undo: false });
        const { commitToken } = await start('waiting');
        await runs.listRuns({ tenantId, afterCommit: commitToken }, ROOT);
        await one.complete(held, 0);
        await sleep(50);
        expect(one.received.flatMap(({ assign }) => assign)).toHaveLength(1);
        const explained = await runs.explainRun({ tenantId, runId: 'waiting' }, ROOT);
        expect(explained.summary).toBe(
          'Every worker that may take the run drains; start another one, or take a drain back.',
        );
        // Again, as after a lost answer: it is still one drain.
        await dispatch.drainWorker({ tenantId, workerId: 'w-1' }, ROOT);
        const undone = await dispatch.drainWorker({ tenantId, workerId: 'w-1', undo: true }, ROOT);
        expect(undone.worker).toMatchObject({ draining: false });
        await one.until(({ drain }) => (drain?.undo === true ? true : undefined));
        const assignment = await one.assigned('waiting');
        expect((await dispatch.listWorkers({ tenantId }, ROOT)).workers).toMatchObject([{ slots: 2, leased: 1 }]);
        await one.complete(assignment, 0);
        // The slots that came free before are the worker's to offer.
        one.send({ credits: { add: 2 } });
        await start('last');
        await one.assigned('last');
      });

      test('a worker that is drained gets nothing for new credits, or when it comes back, until that is taken back', async () => {
        const { tenantId, dispatch, start, worker } = await open();
        const before = await worker('w-1');
        await dispatch.drainWorker({ tenantId, workerId: 'w-1', reason: 'deploy' }, ROOT);
        before.send({ credits: { add: 1 } });
        await start('r-1');
        await sleep(50);
        expect(before.received.flatMap(({ assign }) => assign)).toEqual([]);
        await before[Symbol.asyncDispose]();
        const { sessionId } = before;
        await using again = await worker('w-1', { sessionId });
        await using other = await worker('w-1');
        for (const one of [again, other]) {
          expect(await one.until(({ drain }) => drain)).toMatchObject({ reason: 'deploy', undo: false });
        }
        await start('r-2');
        await sleep(50);
        expect([...again.received, ...other.received].flatMap(({ assign }) => assign)).toEqual([]);
        const { workers } = await dispatch.listWorkers({ tenantId }, ROOT);
        expect(workers).toMatchObject([{ workerId: 'w-1', draining: true, slots: 2 }]);
        await dispatch.drainWorker({ tenantId, workerId: 'w-1', undo: true }, ROOT);
        const gotOne = (one: typeof again): Promise<string> => one.until(({ assign }) => assign[0]?.runId);
        expect((await Promise.all([gotOne(again), gotOne(other)])).toSorted()).toEqual(['r-1', 'r-2']);
      });

      test('all sessions of a worker drain, and a grace that is not given is 25 s', async () => {
        const { tenantId, dispatch, start, worker } = await open();
        await using one = await worker('w-1');
        await using two = await worker('w-1');
        await using other = await worker('w-2');
        await dispatch.drainWorker({ tenantId, workerId: 'w-1' }, ROOT);
        for (const session of [one, two]) {
          expect((await session.until(({ drain }) => drain)).grace).toEqual(durationFromMs(25_000));
        }
        await start('r-1');
        await other.assigned('r-1');
        expect([...one.received, ...two.received].flatMap(({ assign }) => assign)).toEqual([]);
      });

      test('a worker that is not connected, or of another tenant, is WORKER_NOT_FOUND, and only operators drain', async () => {
        const { dispatch, worker, tenantId } = await open();
        const other = await open();
        await using mine = await worker('w-1');
        const absent = { code: 'NOT_FOUND', reason: 'WORKER_NOT_FOUND', metadata: { worker_id: 'w-1' } };
        const elsewhere = { tenantId: other.tenantId, workerId: 'w-1' };
        expect(await failureOf(dispatch.drainWorker(elsewhere, ROOT))).toMatchObject(absent);
        await mine[Symbol.asyncDispose]();
        await vi.waitFor(async () => {
          expect(await failureOf(dispatch.drainWorker({ tenantId, workerId: 'w-1' }, ROOT))).toMatchObject(absent);
        });
        const denied = { code: 'PERMISSION_DENIED', reason: 'ROLE_DENIED' };
        expect(await failureOf(dispatch.drainWorker({ workerId: 'w-1' }, as('developer')))).toMatchObject(denied);
        expect(await failureOf(dispatch.drainWorker({ workerId: 'w-1' }, as('operator')))).toMatchObject({
          reason: 'WORKER_NOT_FOUND',
        });
      });
    });
  });
}
