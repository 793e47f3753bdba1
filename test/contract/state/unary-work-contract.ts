import { setTimeout as sleep } from 'node:timers/promises';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { CancelKind } from '#gen/millrace/state/v1/work_down_pb.ts';
import { failureOf } from '#test/doors/failure.ts';
import { DOORS, JSON_DOOR, ROOT, type ServedState, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';
import { json, leaseOf, newSession, signalPark, stepOf, type UnaryCalls, unaryCalls } from './unary-calls.ts';

const { COMPLETED, FAILED, CANCELLED, RUNNING } = RunStatus;
const lost = { code: 'ABORTED', reason: 'LEASE_LOST' };

/** What the unary calls of DispatchService about a lease promise, on any store and through both doors. */
export function unaryWorkContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let served: ServedState;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      served = stack.use(await serveState(stack.use(await home.openState()), { maxPayloadBytes: 200_000 }));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<UnaryCalls> => unaryCalls(door, served);

      test('a run is driven by unary calls alone: steps, a timer, a signal, its output', async () => {
        const { tenantId, signals, start, take, record, park, complete, read, kinds } = await open();
        await start('r', { input: json('{"n":1}') });
        const first = await take();
        const steps = [
          stepOf(1, '"a"'),
          { ordinal: 2, name: 'now', record: { case: 'value', value: json('17') } } as const,
        ];
        expect(await record(first, steps)).toMatchObject({
          ack: { handle: 0, ordinal: 2, lastSequence: 5n, settled: false },
          events: [],
        });
        const timer = { case: 'timer', value: { due: { case: 'delay', value: { nanos: 50_000_000 } } } } as const;
        const parked = await park(first, [{ ordinal: 3, name: 'pause', wait: timer }], {
          yieldSlot: true,
          knownSequence: 5n,
        });
        expect(parked).toMatchObject({ ack: { ordinal: 3, settled: true } });
        const second = await take({ workerId: 'w-2' });
        expect(second).toMatchObject({
          stepCount: 3,
          attempt: 1,
          input: { value: { case: 'json', value: '{"n":1}' } },
        });
        expect(second.history.map(({ kind }) => kind.case)).toContain('timerFired');
        expect(second.history.at(-1)?.sequence).toBe(second.lastSequence);
        await park(second, [signalPark(4, 'paid')], { yieldSlot: true });
        await signals.sendSignal({ tenantId, runId: 'r', name: 'paid', payload: json('"yes"') }, ROOT);
        const third = await take();
        const consumed = third.history.find(({ kind }) => kind.case === 'signalConsumed');
        expect(consumed?.kind.value).toMatchObject({ payload: { value: { case: 'json', value: '"yes"' } } });
        const { lastSequence } = await complete(third, 4, '{"ok":true}');
        const run = await read('r');
        expect(run).toMatchObject({ status: COMPLETED, lastSequence });
        expect((await kinds('r')).filter((kind) => kind === 'stepRecorded')).toHaveLength(1);
      });

      test('[91] records of one request are taken all or not at all, and known ones change nothing', async () => {
        const { start, take, record, kinds } = await open();
        await start('r');
        const assignment = await take();
        const missing = { code: 'ABORTED', reason: 'STEPS_MISSING', metadata: { expected: '2', actual: '0' } };
        expect(await failureOf(record(assignment, [stepOf(1), stepOf(3)]))).toMatchObject(missing);
        const bad = { ordinal: 2, name: 'a\nb', record: { case: 'result', value: json('1') } } as const;
        expect(await failureOf(record(assignment, [stepOf(1), bad]))).toMatchObject({
          violations: [{ field: 'steps[1].name' }],
        });
        expect(await kinds('r')).not.toContain('stepRecorded');
        expect(await record(assignment, [stepOf(1), stepOf(2)])).toMatchObject({
          ack: { ordinal: 2, lastSequence: 5n },
        });
        expect(await record(assignment, [stepOf(1), stepOf(2)])).toMatchObject({
          ack: { ordinal: 2, lastSequence: 5n },
        });
        expect(await record(assignment, [stepOf(2), stepOf(3)])).toMatchObject({
          ack: { ordinal: 3, lastSequence: 6n },
        });
      });

      test('an answer tells what came after the event that the worker knows, a signal with what it carried', async () => {
        const { tenantId, signals, start, take, record, park } = await open();
        await start('r');
        await signals.sendSignal({ tenantId, runId: 'r', name: 'early', payload: json('"e"') }, ROOT);
        const assignment = await take();
        const known = assignment.lastSequence;
        expect((await record(assignment, [stepOf(1)])).events).toEqual([]);
        const { events, ack } = await park(assignment, [signalPark(2, 'early'), signalPark(3, 'late')], {
          knownSequence: known,
        });
        expect(events.map(({ kind }) => kind.case)).toEqual([
          'stepRecorded',
          'signalWaitStarted',
          'signalConsumed',
          'signalWaitStarted',
        ]);
        expect(events[2]?.kind.value).toMatchObject({ payload: { value: { case: 'json', value: '"e"' } } });
        expect(events.at(-1)?.sequence).toBe(ack?.lastSequence);
        await signals.sendSignal({ tenantId, runId: 'r', name: 'late', payload: json('2') }, ROOT);
        const more = await record(assignment, [stepOf(4)], { knownSequence: ack?.lastSequence ?? 0n });
        expect(more.events.map(({ kind }) => kind.case)).toEqual(['signalConsumed', 'stepRecorded']);
      });

      test('[34] a function that gives its slot back while its signal is there gets it as a new assignment', async () => {
        const { tenantId, signals, start, take, park } = await open();
        await start('r');
        const first = await take();
        await signals.sendSignal({ tenantId, runId: 'r', name: 's' }, ROOT);
        const { ack } = await park(first, [signalPark(1, 's')], { yieldSlot: true, knownSequence: first.lastSequence });
        expect(ack).toMatchObject({ ordinal: 1, settled: true });
        expect(await take()).toMatchObject({ runId: 'r', attempt: 1, stepCount: 1 });
        // The same yield again is acknowledged; to go on by the old lease is not.
        expect(await park(first, [signalPark(1, 's')], { yieldSlot: true })).toMatchObject({ ack: { settled: true } });
        expect(await failureOf(park(first, [signalPark(2, 's')]))).toMatchObject(lost);
        expect(await failureOf(park(first, []))).toMatchObject({ violations: [{ field: 'parks' }] });
      });

      test('[52] a child is started, waited for, and its end is told; a repeat gets the same child', async () => {
        const { tenantId, dispatch, put, start, take, park, complete, read } = await open();
        await put('part');
        await start('parent', { priority: 1 });
        const parent = await take();
        const child = { ordinal: 1, name: 'part', workflow: 'part', input: json('5') };
        const request = { tenantId, lease: leaseOf(parent), child };
        const started = await dispatch.startChild(request, ROOT);
        expect(started).toMatchObject({ ack: { ordinal: 1 } });
        expect(started.cancel).toBeUndefined();
        expect(started.runId).toMatch(/^part-/);
        expect(await dispatch.startChild(request, ROOT)).toMatchObject({ runId: started.runId, ack: { ordinal: 1 } });
        const wait = { case: 'child', value: { runId: started.runId } } as const;
        await park(parent, [{ ordinal: 2, name: 'wait', wait }], {
          yieldSlot: true,
          knownSequence: parent.lastSequence,
        });
        const part = await take({ definitions: [{ workflow: 'part', version: '1' }] });
        expect(part).toMatchObject({ runId: started.runId, priority: 1, input: { value: { value: '5' } } });
        await complete(part, 0, '25');
        for (;;) {
          const again = await take();
          const ended = again.history.find(({ kind }) => kind.case === 'childEnded');
          if (ended === undefined) {
            await park(again, [], { yieldSlot: true, knownSequence: again.lastSequence });
            continue;
          }
          expect(ended.kind.value).toMatchObject({ output: { value: { value: '25' } } });
          await complete(again, 2);
          break;
        }
        expect(await read('parent')).toMatchObject({ status: COMPLETED });
      });

      test('[15] the same completion twice is acknowledged, and sixteen at a time take effect once', async () => {
        const { start, take, record, complete, kinds } = await open();
        await start('r');
        const assignment = await take();
        await record(assignment, [stepOf(1)]);
        const answers = await Promise.all(Array.from({ length: 16 }, (_, n) => complete(assignment, 1, String(n))));
        expect(new Set(answers.map(({ lastSequence }) => lastSequence))).toEqual(new Set([6n]));
        expect(await complete(assignment, 1, '99')).toMatchObject({ lastSequence: 6n });
        expect((await kinds('r')).slice(4)).toEqual(['taskCompleted', 'runEnded']);
        expect(await failureOf(record(assignment, [stepOf(2)]))).toMatchObject({ reason: 'RUN_TERMINAL' });
      });

      test('[17, 39] a forged fence, another item or incarnation is refused, and nothing is written', async () => {
        const { start, take, record, complete, kinds } = await open();
        await start('r');
        const assignment = await take();
        for (const forged of [
          { fence: assignment.fence + 1n },
          { fence: 1n },
          { itemId: `${assignment.incarnation}.1` },
          { incarnation: newSession() },
        ]) {
          const lease = { ...leaseOf(assignment), ...forged };
          expect(await failureOf(complete(lease, 0))).toMatchObject(lost);
          expect(await failureOf(record(lease, [stepOf(1)]))).toMatchObject(lost);
        }
        expect(await failureOf(complete({ ...assignment, fence: 0n }, 0))).toMatchObject({ reason: 'INVALID_FIELDS' });
        expect(await kinds('r')).toHaveLength(3);
      });

      test('[91] every call says what it misses: the run, the item, steps', async () => {
        const { tenantId, dispatch, start, take, record, park, complete } = await open();
        await start('r');
        const assignment = await take();
        const noRun = { ...leaseOf(assignment), runId: 'missing' };
        const notFound = { code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' };
        expect(await failureOf(record(noRun, [stepOf(1)]))).toMatchObject(notFound);
        expect(await failureOf(park(noRun, [signalPark(1, 's')]))).toMatchObject(notFound);
        expect(await failureOf(complete(noRun, 0))).toMatchObject(notFound);
        const noItem = { ...leaseOf(assignment), itemId: `${assignment.incarnation}.77` };
        const noSuchItem = { code: 'NOT_FOUND', reason: 'ITEM_NOT_FOUND' };
        expect(await failureOf(complete(noItem, 0))).toMatchObject(noSuchItem);
        const failure = { failure: { type: 'X', message: 'x' } };
        expect(await failureOf(dispatch.failWork({ tenantId, lease: noItem, failure }, ROOT))).toMatchObject(
          noSuchItem,
        );
        expect(await failureOf(record(noItem, [stepOf(1)]))).toMatchObject(lost);
        const free = { runId: '', incarnation: '', itemId: 'free', fence: 1n };
        expect(await failureOf(complete(free, 0))).toMatchObject(noSuchItem);
        expect(await failureOf(record(free, [stepOf(1)]))).toMatchObject({ violations: [{ field: 'lease.run_id' }] });
        const missing = { code: 'ABORTED', reason: 'STEPS_MISSING', metadata: { expected: '4', actual: '0' } };
        expect(await failureOf(complete(assignment, 4))).toMatchObject(missing);
      });

      test('a quarantined run takes nothing, and its leases are lost', async () => {
        const { tenantId, start, take, record, complete, extend } = await open();
        await start('r');
        const assignment = await take();
        const { incarnation } = assignment;
        served.node
          .partitionOf({ tenantId, runId: 'r' })
          .record({ kind: 'runQuarantined', tenantId, runId: 'r', incarnation, message: 'it throws', time: 1 });
        const quarantined = { code: 'FAILED_PRECONDITION', reason: 'QUARANTINED' };
        expect(await failureOf(record(assignment, [stepOf(1)]))).toMatchObject(quarantined);
        expect(await failureOf(complete(assignment, 0))).toMatchObject(quarantined);
        expect(await extend(assignment)).toMatchObject({ lost: true, cancel: { reason: 'QUARANTINED' } });
      });

      test('[43] a failure is tried again as the policy says, then it is final; the same twice is acknowledged', async () => {
        const { tenantId, dispatch, put, start, take, read, kinds } = await open();
        const retry = { maxAttempts: 2, initialInterval: { nanos: 200_000_000 }, jitter: 0 };
        await put('flaky', { settings: { retry } });
        await start('r', { workflow: 'flaky' });
        const definitions = [{ workflow: 'flaky', version: '1' }];
        const failure = { failure: { type: 'Broken', message: 'it broke' } };
        const first = await take({ definitions });
        const before = Date.now();
        const { retryTime } = await dispatch.failWork({ tenantId, lease: leaseOf(first), failure }, ROOT);
        expect(timestampMs(retryTime as never)).toBeGreaterThanOrEqual(before + 200);
        const again = await dispatch.failWork({ tenantId, lease: leaseOf(first), failure }, ROOT);
        expect(again).toMatchObject({ retryTime, deadLetterId: '' });
        const second = await take({ definitions });
        expect(second).toMatchObject({ attempt: 2 });
        expect(Date.now()).toBeGreaterThanOrEqual(before + 200);
        const last = await dispatch.failWork({ tenantId, lease: leaseOf(second), failure }, ROOT);
        expect(last.retryTime).toBeUndefined();
        expect(await read('r')).toMatchObject({ status: FAILED, failure: { type: 'Broken' } });
        expect((await kinds('r')).filter((kind) => kind === 'taskFailed')).toHaveLength(2);
      });

      test('a function that diverged waits for another build, and no attempt counts', async () => {
        const { tenantId, dispatch, start, take, read } = await open();
        await start('r');
        const lease = leaseOf(await take());
        const failure = {
          failure: { type: 'Diverged', message: 'another step' },
          diverged: true,
          divergence: { expectedStep: 'a', foundStep: 'b', build: '1' },
        };
        const { retryTime } = await dispatch.failWork({ tenantId, lease, failure }, ROOT);
        expect(retryTime).toBeUndefined();
        expect(await read('r')).toMatchObject({
          status: RUNNING,
          waits: [{ kind: { case: 'divergence', value: { build: '1' } } }],
        });
      });

      test('a large payload is kept, one that is too large is refused, and none is for another incarnation', async () => {
        const { start, take, record, complete, read } = await open();
        await start('r');
        const assignment = await take();
        const text = JSON.stringify('x'.repeat(100_000));
        await record(assignment, [stepOf(1, text), stepOf(2)]);
        const { events } = await record(assignment, [stepOf(3)], { knownSequence: 3n });
        expect(events[0]?.kind.value).toMatchObject({ result: { value: { case: 'ref', value: { size: 100_002n } } } });
        const tooLarge = { code: 'RESOURCE_EXHAUSTED', reason: 'PAYLOAD_TOO_LARGE', metadata: { limit: '200000' } };
        const huge = JSON.stringify('x'.repeat(300_000));
        expect(await failureOf(record(assignment, [stepOf(4, huge)]))).toMatchObject(tooLarge);
        expect(await failureOf(complete(assignment, 3, huge))).toMatchObject(tooLarge);
        const payload = { value: { case: 'ref', value: { sha256: new Uint8Array(32), size: 1n } } } as const;
        const unknown = { ordinal: 4, name: 's', record: { case: 'result', value: payload } } as const;
        expect(await failureOf(record(assignment, [unknown]))).toMatchObject({ reason: 'PAYLOAD_NOT_FOUND' });
        const elsewhere = { ...leaseOf(assignment), incarnation: newSession() };
        expect(await failureOf(record(elsewhere, [stepOf(4, text)]))).toMatchObject(lost);
        await complete(assignment, 3, text);
        expect(await read('r')).toMatchObject({ output: { value: { case: 'ref' } } });
      });

      test('[31] a cancel, a pause, and their end are told with the next answer', async () => {
        const { tenantId, runs, dispatch, start, take, record, park, complete, read } = await open();
        await start('r');
        const assignment = await take();
        await runs.pauseRun({ tenantId, runId: 'r', reason: 'later' }, ROOT);
        const paused = await record(assignment, [stepOf(1)]);
        expect(paused.cancel).toMatchObject({ kind: CancelKind.PAUSE, reason: 'later' });
        await runs.resumeRun({ tenantId, runId: 'r' }, ROOT);
        expect((await park(assignment, [signalPark(2, 's')])).cancel).toBeUndefined();
        await runs.cancelRun({ tenantId, runId: 'r', reason: 'enough' }, ROOT);
        const child = { ordinal: 3, name: 'undo', workflow: 'order' };
        const undo = await dispatch.startChild({ tenantId, lease: leaseOf(assignment), child }, ROOT);
        expect(undo.cancel).toMatchObject({ kind: CancelKind.CANCEL, reason: 'enough' });
        expect(timestampMs(undo.cancel?.deadlineTime as never)).toBeGreaterThan(Date.now());
        const cleanUp = await record(assignment, [stepOf(4)]);
        expect(cleanUp.cancel).toMatchObject({ kind: CancelKind.CANCEL, reason: 'enough' });
        await complete(assignment, 4);
        expect(await read('r')).toMatchObject({ status: CANCELLED });
      });

      test('[29] who works while the run is paused may settle, and nothing else is offered until it is resumed', async () => {
        const { tenantId, runs, start, take, poll, park, signals } = await open();
        await start('r');
        const assignment = await take();
        await runs.pauseRun({ tenantId, runId: 'r' }, ROOT);
        await park(assignment, [signalPark(1, 's')], { yieldSlot: true });
        await signals.sendSignal({ tenantId, runId: 'r', name: 's' }, ROOT);
        expect(await poll()).toEqual([]);
        await runs.resumeRun({ tenantId, runId: 'r' }, ROOT);
        expect(await take()).toMatchObject({ runId: 'r', stepCount: 1 });
      });

      test('[41] a repeat with its request id gets the first answer, with other arguments it is refused', async () => {
        const { start, take, record, complete } = await open();
        await start('r');
        const assignment = await take();
        const first = await record(assignment, [stepOf(1)], { requestId: 'q-1', knownSequence: 3n });
        await record(assignment, [stepOf(2)]);
        const again = await record(assignment, [stepOf(1)], { requestId: 'q-1', knownSequence: 3n });
        expect(again).toEqual(first);
        const other = record(assignment, [stepOf(1, '2')], { requestId: 'q-1', knownSequence: 3n });
        expect(await failureOf(other)).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
        const done = await complete(assignment, 2, '1', { requestId: 'q-1' });
        expect(await complete(assignment, 2, '1', { requestId: 'q-1' })).toEqual(done);
        const reused = complete(assignment, 2, '2', { requestId: 'q-1' });
        expect(await failureOf(reused)).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
      });

      test('[44] a step whose time is over is timed out, and its next heartbeat says so', async () => {
        const { start, take, record, extend, kinds } = await open();
        await start('r');
        const assignment = await take();
        const begin = { case: 'begin', value: { timeout: { nanos: 150_000_000 } } } as const;
        await record(assignment, [{ ordinal: 1, name: 'slow', record: begin }]);
        const step = { scope: '', name: 'slow', occurrence: 0 };
        expect((await extend(assignment, { step })).cancel).toBeUndefined();
        await sleep(200);
        expect((await extend(assignment, { step })).cancel).toMatchObject({ kind: CancelKind.STEP_TIMEOUT, step });
        expect((await extend(assignment, { step: { ...step, name: 'other' } })).cancel).toBeUndefined();
        expect(await kinds('r')).toContain('stepFailed');
      });
    });

    test('curl drives a run: plain JSON over HTTP, and nothing else', async () => {
      const { tenantId, start, read } = await unaryCalls(JSON_DOOR, served);
      const post = async (method: string, body: unknown): Promise<Record<string, unknown>> => {
        const response = await fetch(`http://${served.addresses.http}/millrace.state.v1.DispatchService/${method}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'Bearer root' },
          body: JSON.stringify(body),
        });
        return (await response.json()) as Record<string, unknown>;
      };
      await start('r', { input: json('{"to":"ann"}') });
      const definitions = [{ workflow: 'order', version: '1' }];
      const { assignments } = (await post('PollWork', { tenantId, workerId: 'curl', definitions, wait: '5s' })) as {
        readonly assignments: readonly Record<string, unknown>[];
      };
      const { runId, incarnation, itemId, fence, input } = assignments[0] ?? {};
      expect(input).toEqual({ json: '{"to":"ann"}' });
      const lease = { runId, incarnation, itemId, fence };
      const steps = [{ ordinal: 1, name: 'send', result: { json: '"sent"' } }];
      const recorded = await post('RecordSteps', { tenantId, lease, steps, knownSequence: '3' });
      expect(recorded).toMatchObject({
        ack: { ordinal: 1, lastSequence: '4' },
        events: [{ stepRecorded: { result: { json: '"sent"' } } }],
      });
      const extended = await post('ExtendWork', {
        tenantId,
        extensions: [{ lease, details: { json: '1' } }],
        ttl: '60s',
      });
      expect(extended).toMatchObject({ results: [{ expireTime: expect.any(String) }] });
      const completion = { stepCount: 1, output: { json: '"done"' } };
      expect(await post('CompleteWork', { tenantId, lease, completion })).toEqual({ lastSequence: '7' });
      const late = await post('ReleaseWork', { tenantId, lease });
      expect(late).toMatchObject({ code: 'aborted' });
      expect(await read('r')).toMatchObject({ status: COMPLETED });
    });
  });
}
