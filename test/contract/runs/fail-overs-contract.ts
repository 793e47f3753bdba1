import { describe, expect, test } from 'vitest';
import { ConflictPolicy } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { text, textOf } from '#libs/work-loop/testing/text.ts';
import { openRawWorker } from '#test/contract/state/raw-worker.ts';
import { GRPC, ROOT } from '#test/contract/state/serve-state.ts';
import { json, stepOf, unaryCalls } from '#test/contract/state/unary-calls.ts';
import { failureOf } from '#test/doors/failure.ts';
import type { RunsContract } from './describe-served.ts';
import { countOf, createFunctionWorld, until } from './function-world.ts';
import { createMovingState, type MovingState } from './moving-state.ts';

const { COMPLETED } = RunStatus;

/** What holds when the owner of the partitions dies, a worker dies, or a connection is cut. */
export const failOversContract: RunsContract = (name, createHome) => {
  describe(`${name}, by gRPC`, { timeout: 60_000 }, () => {
    test('[18] fences after a fail-over are larger than all before it', async () => {
      await using state = await createMovingState(createHome);
      const before = await unaryCalls(GRPC, state.served);
      for (const runId of ['r1', 'r2', 'r3']) await before.start(runId);
      const first = await before.poll({ maxItems: 2 });
      const after = await unaryCalls(GRPC, await state.failOver(), before.tenantId);
      for (let at = 0; at < 3; at += 1) await after.start(`s${at}`);
      const later = await after.poll({ maxItems: 10 });
      expect(later).toHaveLength(4);
      const largest = Math.max(...first.map(({ fence }) => Number(fence)));
      expect(Math.min(...later.map(({ fence }) => Number(fence)))).toBeGreaterThan(largest);
    });

    test('[41] starts, signals and controls repeated after a fail-over get their first answer', async () => {
      await using state = await createMovingState(createHome);
      const before = await unaryCalls(GRPC, state.served);
      const { tenantId } = before;
      const start = { tenantId, workflow: 'order', requestId: 'q' };
      const { run } = await before.runs.startRun(start, ROOT);
      const runId = run?.runId ?? '';
      const signal = { tenantId, runId, name: 's', payload: json('1'), requestId: 'q' };
      const sent = await before.signals.sendSignal(signal, ROOT);
      const pause = { tenantId, runId, requestId: 'q' };
      const paused = await before.runs.pauseRun(pause, ROOT);
      await before.runs.resumeRun({ tenantId, runId }, ROOT);
      const after = await unaryCalls(GRPC, await state.failOver(), tenantId);
      expect((await after.runs.startRun(start, ROOT)).run).toMatchObject({ runId, incarnation: run?.incarnation });
      expect(await after.signals.sendSignal(signal, ROOT)).toEqual(sent);
      expect(await after.runs.pauseRun(pause, ROOT)).toEqual(paused);
      const other = { ...signal, payload: json('2') };
      expect(await failureOf(after.signals.sendSignal(other, ROOT))).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
      const kinds = await after.kinds(runId);
      expect(kinds.filter((kind) => kind === 'signalReceived')).toHaveLength(1);
      expect(kinds.filter((kind) => kind === 'runPaused')).toHaveLength(1);
    });

    test('[39] an incarnation that was replaced stays refused and readable after a fail-over', async () => {
      await using state = await createMovingState(createHome);
      const before = await unaryCalls(GRPC, state.served);
      const { tenantId } = before;
      await before.start('r');
      const old = await before.take();
      await before.start('r', { conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
      const after = await unaryCalls(GRPC, await state.failOver(), tenantId);
      expect(await failureOf(after.record(old, [stepOf(1)]))).toMatchObject({ reason: 'LEASE_LOST' });
      expect(await after.take()).toMatchObject({ runId: 'r', attempt: 1 });
      const past = await after.dispatch.getHistory({ tenantId, runId: 'r', incarnation: old.incarnation }, ROOT);
      expect(past.events.at(-1)?.kind.case).toBe('runEnded');
    });

    test.each(['the journal', 'rows'])(
      '[41] the start of an incarnation that was replaced is known after a fail-over, from %s',
      async (place) => {
        await using state = await createMovingState(createHome);
        const before = await unaryCalls(GRPC, state.served);
        const { tenantId } = before;
        const start = { tenantId, runId: 'r', workflow: 'order', conflictPolicy: ConflictPolicy.TERMINATE_EXISTING };
        const { run: old } = await before.runs.startRun({ ...start, requestId: 'q1' }, ROOT);
        const { run, commitToken } = await before.runs.startRun({ ...start, requestId: 'q2' }, ROOT);
        if (place === 'rows') await before.runs.listRuns({ tenantId, afterCommit: commitToken }, ROOT);
        const after = await unaryCalls(GRPC, await state.failOver(), tenantId);
        const repeated = await after.runs.startRun({ ...start, requestId: 'q1' }, ROOT);
        expect(repeated.run?.incarnation).toBe(old?.incarnation);
        expect((await after.read('r'))?.incarnation).toBe(run?.incarnation);
      },
    );

    test('[42] a worker and the owner die after the first of three steps: it is not run again, the others run once', async () => {
      await using state = await createMovingState(createHome);
      await using world = await createFunctionWorld(state.served, state.address);
      const { tenantId } = world.calls;
      const ran: string[] = [];
      let isDying = false;
      const code = (isFirst: boolean) => async (run: Parameters<Parameters<typeof world.worker>[0][string]>[0]) => {
        await run.step('one', () => text(String(ran.push('one'))));
        if (isFirst) {
          isDying = true;
          return await new Promise<undefined>(() => undefined);
        }
        await run.step('two', () => text(String(ran.push('two'))));
        return await run.step('three', () => text(ran.push('three').toString()));
      };
      const first = await world.worker({ order: code(true) });
      const run = world.session.start({ runId: 'r', workflow: 'order' }, { wait: true });
      await until(() => isDying);
      first.close();
      const served = await state.failOver();
      // Its process is up again and holds nothing any more, which says at once what its silence says after a lease.
      await using _empty = await openRawWorker(served.addresses, {
        tenantId,
        workerId: first.workerId,
        sessionId: first.sessionId,
        definitions: [],
      });
      await world.worker({ order: code(false) });
      expect(textOf((await run.ended).output)).toBe('3');
      expect(ran).toEqual(['one', 'two', 'three']);
      expect(countOf(await world.events(served, 'r'), 'stepRecorded')).toBe(3);
    });

    test('[43] a wait before a retry keeps its count of attempts and its time when worker and owner die', async () => {
      await using state = await createMovingState(createHome);
      await using world = await createFunctionWorld(state.served, state.address);
      const times: number[] = [];
      const code = (run: Parameters<Parameters<typeof world.worker>[0][string]>[0]) =>
        run.step(
          'broken',
          ({ attempt }) => {
            times.push(Date.now());
            if (attempt < 2) throw new RangeError('not yet');
            return text(String(attempt));
          },
          { retry: { maxAttempts: 3, initialIntervalMs: 2_000, jitter: 0 } },
        );
      const first = await world.worker({ order: code });
      const run = world.session.start({ runId: 'r', workflow: 'order' }, { wait: true });
      await until(() => first.parked === 1);
      first.close();
      const served = await state.failOver();
      await world.worker({ order: code });
      expect(textOf((await run.ended).output)).toBe('2');
      expect(times).toHaveLength(2);
      const tookMs = (times[1] ?? 0) - (times[0] ?? 0);
      expect(tookMs).toBeGreaterThanOrEqual(1_995);
      const failed = (await world.events(served, 'r')).filter(({ kind }) => kind.case === 'stepFailed');
      expect(failed).toHaveLength(1);
    });

    test('[38] a signal is consumed once, wherever the owner dies', async () => {
      await using state = await createMovingState(createHome);
      await using world = await createFunctionWorld(state.served, state.address);
      await world.worker({
        order: async (run) => {
          const first = await run.waitSignal('s');
          const second = await run.waitSignal('s');
          return text(`${textOf(first?.payload)} ${textOf(second?.payload)}`);
        },
      });
      const runIds = Array.from({ length: 10 }, (_, at) => `r-${at}`);
      const runs = runIds.map((runId) => world.session.start({ runId, workflow: 'order' }, { wait: true }));
      await Promise.all(runs.map(({ started }) => started));
      const send = (value: string): Promise<unknown>[] =>
        runIds.map((runId) =>
          world.session.signal({ runId, name: 's', payload: text(value), signalId: value, requestId: value }),
        );
      const firsts = send('one');
      await state.failOver();
      await Promise.all(firsts);
      const seconds = send('two');
      const served = await state.failOver();
      await Promise.all(seconds);
      for (const { ended } of runs) expect(textOf((await ended).output)).toBe('one two');
      for (const runId of runIds) {
        const events = await world.events(served, runId);
        expect(countOf(events, 'signalReceived')).toBe(2);
        expect(countOf(events, 'signalConsumed')).toBe(2);
      }
    });

    test('[91] connections that are cut again and again lose no step and repeat none', async () => {
      await using state = await createMovingState(createHome);
      await using world = await createFunctionWorld(state.served, state.address);
      const ran = new Map<string, number>();
      await world.worker({
        order: async (run) => {
          for (let at = 0; at < 20; at += 1) {
            await run.step('step', () => {
              const key = `${run.facts.runId} ${at}`;
              ran.set(key, (ran.get(key) ?? 0) + 1);
              return undefined;
            });
          }
          return undefined;
        },
      });
      const runIds = Array.from({ length: 20 }, (_, at) => `r-${at}`);
      const runs = runIds.map((runId) => world.session.start({ runId, workflow: 'order' }, { wait: true }));
      let open = runs.length;
      for (const { ended } of runs) void ended.then(() => (open -= 1));
      for (let cuts = 0; cuts < 5 && open > 0; cuts += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10 * cuts));
        state.cut();
        await new Promise((resolve) => setTimeout(resolve, 120));
      }
      for (const { ended } of runs) expect(await ended).toMatchObject({ status: COMPLETED });
      expect([...ran.values()]).toEqual(Array.from({ length: 400 }, () => 1));
      for (const runId of runIds) {
        expect(countOf(await world.events(state.served, runId), 'stepRecorded')).toBe(20);
      }
    });

    test('[92] a lease that lives by heartbeats survives a fail-over of the owner, and its attempt goes on', async () => {
      await using state = await createMovingState(createHome);
      await using world = await createFunctionWorld(state.served, state.address);
      let calls = 0;
      let isBegun = false;
      const gate = Promise.withResolvers<void>();
      await world.worker({
        order: async (run) => {
          calls += 1;
          await run.step('before', () => undefined);
          return await run.step('across', async ({ attempt }) => {
            isBegun = true;
            await gate.promise;
            return text(`${run.facts.attempt} ${attempt}`);
          });
        },
      });
      const run = world.session.start({ runId: 'r', workflow: 'order' }, { wait: true });
      await until(() => isBegun);
      const served = await state.failOver();
      gate.resolve();
      expect(textOf((await run.ended).output)).toBe('1 1');
      expect(calls).toBe(1);
      const events = await world.events(served, 'r');
      expect(countOf(events, 'taskLeased')).toBe(1);
      expect(countOf(events, 'stepRecorded')).toBe(2);
    });

    test('[92] an assignment that did not reach its worker is back as soon as the worker says what it holds', async () => {
      await using state = await createMovingState(createHome);
      const { tenantId, start, take, kinds } = await unaryCalls(GRPC, state.served);
      const lost = await openRawWorker(state.served.addresses, { tenantId, workerId: 'w-1', definitions: ['order@1'] });
      await start('r');
      await lost.assigned('r');
      await lost[Symbol.asyncDispose]();
      await using _again = await openRawWorker(state.served.addresses, {
        tenantId,
        workerId: 'w-1',
        sessionId: lost.sessionId,
        definitions: [],
      });
      expect(await take({ workerId: 'w-2' })).toMatchObject({ runId: 'r', attempt: 1 });
      expect(await kinds('r')).toContain('taskReleased');
    });

    test('[92] an assignment that did not reach its worker is back although its run is read from its row after the hello', async () => {
      await using state = await createMovingState(createHome);
      const { served, tenantId, sessionId } = await loseAssigned(state);
      await using again = await openRawWorker(served.addresses, {
        tenantId,
        workerId: 'w-1',
        sessionId,
        definitions: [],
      });
      const beating = setInterval(() => again.send({ heartbeat: {} }), 300);
      try {
        const { read, take } = await unaryCalls(GRPC, served, tenantId);
        await read('r');
        expect(await take({ workerId: 'w-2' })).toMatchObject({ runId: 'r', attempt: 1 });
      } finally {
        clearInterval(beating);
      }
    });

    test('[92] an assignment that did not reach its worker is back within one heartbeat although nobody looks at its run', async () => {
      await using state = await createMovingState(createHome);
      const { served, tenantId, sessionId } = await loseAssigned(state);
      await using _again = await openRawWorker(served.addresses, {
        tenantId,
        workerId: 'w-1',
        sessionId,
        definitions: [],
      });
      const { take } = await unaryCalls(GRPC, served, tenantId);
      const backFrom = performance.now();
      expect(await take({ workerId: 'w-2' })).toMatchObject({ runId: 'r', attempt: 1 });
      expect(performance.now() - backFrom).toBeLessThan(11_000);
    });
  });
};

/** What a worker was assigned whose process ended before it heard of it, and whose owner then died. */
interface LostAssignment {
  readonly served: MovingState['served'];
  readonly tenantId: string;
  readonly sessionId: string;
}

/** Assigns run `r` to worker `w-1`, ends the worker once the rows show it, and has another owner take over. */
async function loseAssigned(state: MovingState): Promise<LostAssignment> {
  const before = await unaryCalls(GRPC, state.served);
  const { tenantId } = before;
  const lost = await openRawWorker(state.served.addresses, { tenantId, workerId: 'w-1', definitions: ['order@1'] });
  await before.start('r');
  await lost.assigned('r');
  const { node } = state.served;
  for (const { partition, line } of node.served()) {
    await node.materialised(partition, line.durablePosition, AbortSignal.timeout(10_000));
  }
  await lost[Symbol.asyncDispose]();
  return { served: await state.failOver(), tenantId, sessionId: lost.sessionId };
}
