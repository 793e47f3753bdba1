import { setTimeout as sleep } from 'node:timers/promises';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { type Assignment, WorkKind } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { DispatchSession } from '#libs/partition/dispatch/dispatch-session.ts';
import { failureOf } from '#test/doors/failure.ts';
import { functionOf, opaqueOf } from './definition-calls.ts';
import { type HeldStore, holdJournal } from './held-journal.ts';
import { DOORS, GRPC, ROOT, type ServedState, serveState, untilShown } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';
import { json, leaseOf, newSession, stepOf, type UnaryCalls, unaryCalls } from './unary-calls.ts';

const SECOND = { seconds: 1n };
const idsOf = (assignments: readonly Assignment[]): readonly string[] => assignments.map(({ runId }) => runId);

/** What DispatchService.PollWork promises, on any store and through both doors. */
export function unaryPollsContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let held: HeldStore;
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      held = holdJournal(stack.use(await home.openState()));
      served = stack.use(await serveState(held.store));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    /** Waits until a session of a tenant is as it is wanted. */
    async function untilSession(tenantId: string, isSo: (session: DispatchSession) => boolean): Promise<void> {
      const { dispatch } = served.node;
      while (![...dispatch.sessions()].some((session) => session.tenantId === tenantId && isSo(session)))
        await sleep(5);
    }

    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<UnaryCalls> => unaryCalls(door, served);

      test('[10] a poll answers what waits, with everything that its code needs', async () => {
        const { start, poll } = await open();
        await start('r', { input: json('{"n":1}'), priority: 2, tags: ['gpu'] });
        expect(await poll()).toEqual([]);
        const before = Date.now();
        const [assignment] = await poll({ tags: ['gpu', 'eu'], ttl: { seconds: 60n } });
        expect(assignment).toMatchObject({
          handle: 0,
          kind: WorkKind.FUNCTION,
          runId: 'r',
          workflow: 'order',
          version: '1',
          attempt: 1,
          lastSequence: 3n,
          stepCount: 0,
          history: [],
          queue: 'default',
          priority: 2,
          tags: ['gpu'],
          input: { value: { case: 'json', value: '{"n":1}' } },
        });
        expect(assignment?.fence).toBeGreaterThan(0n);
        expect(timestampMs(assignment?.scheduleTime as never)).toBeLessThanOrEqual(before);
        expect(await poll({ tags: ['gpu', 'eu'] })).toEqual([]);
      });

      test('a poll waits for the first item, and not longer than it is told to', async () => {
        const { start, poll } = await open();
        const before = performance.now();
        expect(await poll({ wait: { nanos: 300_000_000 } })).toEqual([]);
        expect(performance.now() - before).toBeGreaterThanOrEqual(290);
        const waiting = poll({ wait: { seconds: 20n } });
        await sleep(50);
        await start('r');
        expect(idsOf(await waiting)).toEqual(['r']);
      });

      test('[22] a poll takes at most so many, the most urgent first, and all that are there in one answer', async () => {
        const { start, poll } = await open();
        for (const priority of [5, 3, 1, 4]) await start(`p${priority}`, { priority });
        expect(idsOf(await poll({ maxItems: 3 }))).toEqual(['p1', 'p3', 'p4']);
        expect(idsOf(await poll({ maxItems: 100 }))).toEqual(['p5']);
        expect(await failureOf(poll({ maxItems: 0 }))).toMatchObject({ reason: 'INVALID_FIELDS' });
      });

      test('[23] what is paused, leased or not announced is not answered', async () => {
        const { tenantId, runs, start, poll } = await open();
        await start('r');
        await runs.pauseRun({ tenantId, runId: 'r' }, ROOT);
        expect(await poll()).toEqual([]);
        await runs.resumeRun({ tenantId, runId: 'r' }, ROOT);
        expect(await poll({ definitions: [{ workflow: 'order', version: '2' }] })).toEqual([]);
        expect(await poll({ queues: ['other'] })).toEqual([]);
        expect(idsOf(await poll())).toEqual(['r']);
        expect(await poll()).toEqual([]);
      });

      test('several polls of one session at a time get different items, and each its own', async () => {
        const { start, poll, put } = await open();
        await put('bill');
        const sessionId = newSession();
        const wait = { seconds: 20n };
        const polls = [
          poll({ sessionId, wait }),
          poll({ sessionId, wait, definitions: [{ workflow: 'bill', version: '1' }] }),
          poll({ sessionId, wait }),
        ];
        await sleep(50);
        await start('b', { workflow: 'bill' });
        await start('r1');
        await start('r2');
        const [first = [], second = [], third = []] = await Promise.all(polls);
        expect(idsOf(second)).toEqual(['b']);
        expect([...idsOf(first), ...idsOf(third)].toSorted()).toEqual(['r1', 'r2']);
      });

      test('a session polls at most thirty-two times at once', async () => {
        const { poll } = await open();
        const sessionId = newSession();
        const caller = new AbortController();
        const wait = { seconds: 20n };
        const polls = Array.from({ length: 32 }, () => failureOf(poll({ sessionId, wait }, { signal: caller.signal })));
        const connected = (): number =>
          [...served.node.dispatch.sessions()].filter(
            (one) => one.link !== undefined && one.sessionId.startsWith(sessionId),
          ).length;
        while (connected() < 32) await sleep(5);
        const overloaded = { reason: 'OVERLOADED', metadata: { limit: 'polls', maximum: '32' } };
        expect(await failureOf(poll({ sessionId }))).toMatchObject(overloaded);
        caller.abort();
        await Promise.all(polls);
        while (connected() > 0) await sleep(5);
        expect(await poll({ sessionId })).toEqual([]);
      });

      test('a session belongs to one worker of one tenant', async () => {
        const { poll } = await open();
        const stranger = await open();
        const sessionId = newSession();
        await poll({ sessionId });
        const inUse = { reason: 'INVALID_FIELDS', violations: [{ field: 'session_id' }] };
        expect(await failureOf(poll({ sessionId, workerId: 'w-2' }))).toMatchObject(inUse);
        expect(await failureOf(stranger.poll({ sessionId }))).toMatchObject(inUse);
      });

      test('what a poll announces with its content is stored, and other content under the version is refused', async () => {
        const { tenantId, runs, poll } = await open();
        const definition = functionOf('fresh', '1');
        const announced = { workflow: 'fresh', version: '1', definition };
        expect(await poll({ definitions: [announced] })).toEqual([]);
        await runs.startRun({ tenantId, runId: 'r', workflow: 'fresh' }, ROOT);
        expect(idsOf(await poll({ definitions: [announced] }))).toEqual(['r']);
        const other = { ...announced, definition: opaqueOf('fresh', '1') };
        expect(await failureOf(poll({ definitions: [other] }))).toMatchObject({ reason: 'DEFINITION_EXISTS' });
      });

      test('[92] what comes for a caller that is gone goes to another worker, its attempt not counted', async () => {
        const { tenantId, start, poll, take, kinds } = await open();
        const caller = new AbortController();
        const gone = failureOf(poll({ wait: { seconds: 20n } }, { signal: caller.signal }));
        await untilSession(tenantId, ({ link }) => link !== undefined);
        held.hold();
        // The start waits for its commit, and with it the lease of the caller that leaves now.
        const starting = start('r');
        await untilSession(tenantId, (session) => session.held.size > 0);
        caller.abort();
        await gone;
        await sleep(50);
        held.release();
        await starting;
        const assignment = await take({ workerId: 'w-2' });
        expect(assignment).toMatchObject({ runId: 'r', attempt: 1 });
        expect(await kinds('r')).toEqual([
          'runStarted',
          'taskScheduled',
          'taskLeased',
          'taskReleased',
          'taskScheduled',
          'taskLeased',
        ]);
      });

      test('what comes too late for a poll goes to the next one, its attempt not counted', async () => {
        const { tenantId, start, poll, take, kinds } = await open();
        const waiting = poll({ wait: SECOND });
        await untilSession(tenantId, ({ link }) => link !== undefined);
        held.hold();
        // The store answers after more than a second: the start is refused then, although it takes place.
        const starting = failureOf(start('r'));
        await untilSession(tenantId, (session) => session.held.size > 0);
        expect(await waiting).toEqual([]);
        expect(await starting).toMatchObject({ reason: 'UNAVAILABLE' });
        held.release();
        expect(await take()).toMatchObject({ runId: 'r', attempt: 1 });
        expect(await kinds('r')).toContain('taskReleased');
      });

      test('a worker that is drained polls in vain until the drain is taken back', async () => {
        const { tenantId, dispatch, start, poll } = await open();
        const sessionId = newSession();
        const waiting = poll({ sessionId, wait: SECOND });
        await untilSession(tenantId, ({ link }) => link !== undefined);
        await dispatch.drainWorker({ tenantId, workerId: 'w-1' }, ROOT);
        await start('r');
        expect(await waiting).toEqual([]);
        const again = poll({ sessionId, wait: { seconds: 20n } });
        await untilSession(tenantId, ({ link }) => link !== undefined);
        await dispatch.drainWorker({ tenantId, workerId: 'w-1', undo: true }, ROOT);
        expect(idsOf(await again)).toEqual(['r']);
      });

      test('[41] a poll repeated with its request id gets the same leases, with other arguments it is refused', async () => {
        const { start, poll, record, complete } = await open();
        for (const runId of ['r1', 'r2', 'r3']) await start(runId);
        const request = { requestId: 'poll-1', maxItems: 2 };
        const first = await poll(request);
        expect(first).toHaveLength(2);
        expect((await poll(request)).map(leaseOf)).toEqual(first.map(leaseOf));
        expect(await failureOf(poll({ ...request, maxItems: 3 }))).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
        // A repeat sees its runs as they are: what was recorded, and only leases that still hold.
        const [one, two] = first as [Assignment, Assignment];
        await record(one, [stepOf(1)]);
        await complete(two, 0);
        const [now, ...others] = await poll(request);
        expect(others).toEqual([]);
        expect(now).toMatchObject({ ...leaseOf(one), stepCount: 1 });
        expect(now?.history.map(({ kind }) => kind.case)).toContain('stepRecorded');
        expect(idsOf(await poll({ maxItems: 2 }))).toEqual(['r3']);
      });

      test('a poll that is repeated while it waits gets what it gets', async () => {
        const { start, poll } = await open();
        const request = { requestId: 'poll-2', wait: { seconds: 20n } };
        const polls = [poll(request), poll(request)];
        await sleep(100);
        await start('r');
        const [first = [], second = []] = await Promise.all(polls);
        expect(first).toHaveLength(1);
        expect(second.map(leaseOf)).toEqual(first.map(leaseOf));
      });

      test('an empty answer is not kept: the same request id polls again', async () => {
        const { start, poll } = await open();
        expect(await poll({ requestId: 'poll-3' })).toEqual([]);
        await start('r');
        expect(idsOf(await poll({ requestId: 'poll-3' }))).toEqual(['r']);
      });
    });

    test('a poll that waits is answered when its process is to end', async () => {
      const home = stack.use(await createHome());
      const store = stack.use(await home.openState());
      const node = await serveState(store);
      const { poll } = await unaryCalls(GRPC, node);
      const before = performance.now();
      const waiting = poll({ wait: { seconds: 20n } });
      await sleep(200);
      const draining = node.server.drain(5_000);
      expect(await waiting).toEqual([]);
      await draining;
      await node[Symbol.asyncDispose]();
      expect(performance.now() - before).toBeLessThan(4_000);
    });

    test.each([
      ['right after it', false],
      ['once rows cover everything', true],
    ])(
      '[18, 41, 42] leases, repeats and records survive a restart %s, and fences only grow, by gRPC',
      async (_when, isCovered) => {
        const home = stack.use(await createHome());
        let first = await home.openState();
        let node = await serveState(first);
        const sessionId = newSession();
        const before = await unaryCalls(GRPC, node);
        const { tenantId } = before;
        await before.start('r');
        const request = { sessionId, requestId: 'poll', ttl: { seconds: 60n } };
        const [assignment] = (await before.poll(request)) as [Assignment];
        await before.record(assignment, [stepOf(1, '"first"')]);
        await before.start('waits');
        if (isCovered) await untilShown(node);
        await node[Symbol.asyncDispose]();
        await first[Symbol.asyncDispose]();

        first = await home.openState();
        node = await serveState(first);
        const after = await unaryCalls(GRPC, node, tenantId);
        const [repeated, ...others] = await after.poll(request);
        expect(others).toEqual([]);
        expect(repeated).toMatchObject({ ...leaseOf(assignment), stepCount: 1 });
        expect(await after.record(assignment, [stepOf(1, '"again"'), stepOf(2)])).toMatchObject({
          ack: { ordinal: 2 },
        });
        const later = await after.take();
        expect(later.runId).toBe('waits');
        expect(later.fence).toBeGreaterThan(assignment.fence);
        await after.complete(assignment, 2, '"done"');
        expect(await after.read('r')).toMatchObject({ status: RunStatus.COMPLETED });
        expect((await after.kinds('r')).filter((kind) => kind === 'stepRecorded')).toHaveLength(2);
        await node[Symbol.asyncDispose]();
        await first[Symbol.asyncDispose]();
      },
    );
  });
}
