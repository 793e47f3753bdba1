import { describe, expect, test } from 'vitest';
import { ConflictPolicy, StartOutcome } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { DOORS, ROOT } from '#test/contract/state/serve-state.ts';
import { json, leaseOf, signalPark, stepOf, type UnaryCalls, unaryCalls } from '#test/contract/state/unary-calls.ts';
import { failureOf } from '#test/doors/failure.ts';
import { describeServed, type RunsContract } from './describe-served.ts';

const { STARTED, EXISTING } = StartOutcome;
const { FAIL, USE_EXISTING, TERMINATE_EXISTING } = ConflictPolicy;
const POLICIES = [FAIL, USE_EXISTING, TERMINATE_EXISTING];

/** What a start does to the id that it names, through both doors. */
export const startsContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<UnaryCalls> => unaryCalls(door, served());

      test('[39] an id in use is RUN_EXISTS, also after the end, and USE_EXISTING answers the output and runs nothing', async () => {
        const { tenantId, runs, start, take, poll, complete, kinds } = await open();
        const exists = { code: 'ALREADY_EXISTS', reason: 'RUN_EXISTS' };
        await start('r');
        expect(await failureOf(start('r'))).toMatchObject(exists);
        await complete(await take(), 0, '{"ok":true}');
        expect(await failureOf(start('r'))).toMatchObject(exists);
        const before = await kinds('r');
        const request = { tenantId, runId: 'r', workflow: 'order', input: json('2'), conflictPolicy: USE_EXISTING };
        expect(await runs.startRun(request, ROOT)).toMatchObject({
          outcome: EXISTING,
          run: { status: RunStatus.COMPLETED, output: { value: { value: '{"ok":true}' } } },
        });
        expect(await poll()).toEqual([]);
        expect(await kinds('r')).toEqual(before);
      });

      test('[39] TERMINATE_EXISTING starts afresh, without controls and signals of the old one, whose leases are lost', async () => {
        const { tenantId, dispatch, runs, signals, start, take, record, park, complete, extend } = await open();
        await start('r', { input: json('1') });
        const old = await take();
        await record(old, [stepOf(1)]);
        await signals.sendSignal({ tenantId, runId: 'r', name: 's' }, ROOT);
        await runs.pauseRun({ tenantId, runId: 'r' }, ROOT);
        const request = { tenantId, runId: 'r', workflow: 'order', input: json('2') };
        const { outcome, run } = await runs.startRun({ ...request, conflictPolicy: TERMINATE_EXISTING }, ROOT);
        expect(outcome).toBe(STARTED);
        expect(run?.incarnation).not.toBe(old.incarnation);
        expect(run).toMatchObject({ status: RunStatus.PENDING, controls: [] });
        const lost = { code: 'ABORTED', reason: 'LEASE_LOST' };
        const lease = leaseOf(old);
        const failure = { failure: { type: 'X', message: 'x' } };
        expect(await failureOf(record(old, [stepOf(2)]))).toMatchObject(lost);
        expect(await failureOf(park(old, [signalPark(2, 's')]))).toMatchObject(lost);
        expect(await failureOf(complete(old, 1))).toMatchObject(lost);
        expect(await failureOf(dispatch.failWork({ tenantId, lease, failure }, ROOT))).toMatchObject(lost);
        expect(await failureOf(dispatch.releaseWork({ tenantId, lease }, ROOT))).toMatchObject(lost);
        expect(await extend(old)).toMatchObject({ lost: true });
        const fresh = await take();
        expect(fresh).toMatchObject({ attempt: 1, stepCount: 0, input: { value: { value: '2' } } });
        const { events } = await park(fresh, [signalPark(1, 's')], { knownSequence: fresh.lastSequence });
        expect(events.map(({ kind }) => kind.case)).toEqual(['signalWaitStarted']);
        const history = { tenantId, runId: 'r', incarnation: old.incarnation, pageSize: 1_000 };
        const past = (await dispatch.getHistory(history, ROOT)).events.map(({ kind }) => kind.case);
        expect(past).toContain('stepRecorded');
        expect(past.at(-1)).toBe('runEnded');
      });

      test('[40] another definition under an id is DEFINITION_MISMATCH under every policy, until a new one is allowed', async () => {
        const { tenantId, runs, put, start } = await open();
        await put('bill');
        await start('r');
        const found = (await runs.getRun({ tenantId, runId: 'r' }, ROOT)).run?.definitionHash ?? '';
        const request = { tenantId, runId: 'r', workflow: 'bill' };
        for (const conflictPolicy of POLICIES) {
          const failure = await failureOf(runs.startRun({ ...request, conflictPolicy }, ROOT));
          expect(failure).toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'DEFINITION_MISMATCH' });
          expect(failure.metadata).toMatchObject({ found });
          expect(failure.metadata['expected']).not.toBe(found);
        }
        const allowed = { ...request, allowNewDefinition: true };
        for (const conflictPolicy of [FAIL, USE_EXISTING]) {
          const refused = await failureOf(runs.startRun({ ...allowed, conflictPolicy }, ROOT));
          expect(refused).toMatchObject({ reason: 'DEFINITION_MISMATCH' });
        }
        const started = await runs.startRun({ ...allowed, conflictPolicy: TERMINATE_EXISTING }, ROOT);
        expect(started).toMatchObject({ outcome: STARTED, run: { workflow: 'bill' } });
      });

      test('[40] a start that names another hash than the definition has is refused, naming both, and starts nothing', async () => {
        const { tenantId, runs, start } = await open();
        const mismatch = { reason: 'DEFINITION_MISMATCH', metadata: { expected: 'other', found: expect.any(String) } };
        expect(await failureOf(start('r', { definitionHash: 'other' }))).toMatchObject(mismatch);
        expect(await failureOf(runs.getRun({ tenantId, runId: 'r' }, ROOT))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
      });

      test('[41] an id has at most 256 bytes, whatever its characters, and is named where a run must exist', async () => {
        const { tenantId, runs, start, read } = await open();
        for (const runId of ['x'.repeat(256), 'ü'.repeat(128)]) {
          await start(runId);
          expect(await read(runId)).toMatchObject({ runId });
        }
        const invalid = { code: 'INVALID_ARGUMENT', violations: [{ field: 'run_id' }] };
        for (const runId of ['x'.repeat(257), 'ü'.repeat(129)]) {
          expect(await failureOf(start(runId))).toMatchObject(invalid);
        }
        for (const call of [runs.getRun, runs.cancelRun, runs.pauseRun, runs.resumeRun, runs.terminateRun]) {
          expect(await failureOf(call({ tenantId, runId: '' }, ROOT))).toMatchObject(invalid);
        }
      });

      test('[41] a start repeated with its request id is one run, also without an id, at the same time, and after its end', async () => {
        const { tenantId, runs, take, complete } = await open();
        const request = { tenantId, workflow: 'order', requestId: 'q', input: json('1') };
        const answers = await Promise.all(Array.from({ length: 16 }, () => runs.startRun(request, ROOT)));
        expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set([STARTED]));
        expect(new Set(answers.map(({ run }) => run?.incarnation)).size).toBe(1);
        await complete(await take(), 0);
        const [{ run } = {}] = answers;
        expect(await runs.startRun(request, ROOT)).toMatchObject({
          outcome: STARTED,
          run: { runId: run?.runId, incarnation: run?.incarnation },
        });
        const reused = { code: 'INVALID_ARGUMENT', reason: 'REQUEST_ID_REUSED' };
        expect(await failureOf(runs.startRun({ ...request, input: json('2') }, ROOT))).toMatchObject(reused);
        const named = { ...request, runId: 'r' };
        await runs.startRun(named, ROOT);
        expect(await failureOf(runs.startRun({ ...named, priority: 1 }, ROOT))).toMatchObject(reused);
        expect((await runs.listRuns({ tenantId }, ROOT)).runs.length).toBeLessThanOrEqual(2);
      });

      test('[41] the start of an incarnation that was replaced, repeated with its request id, starts nothing', async () => {
        const { tenantId, runs, take, complete, read } = await open();
        const named = { tenantId, runId: 'r', workflow: 'order', conflictPolicy: TERMINATE_EXISTING };
        const first = { ...named, requestId: 'q1', input: json('1') };
        const old = await runs.startRun(first, ROOT);
        await complete(await take(), 0, '"done"');
        const { run: second } = await runs.startRun({ ...named, requestId: 'q2' }, ROOT);
        const { run: third, commitToken } = await runs.startRun({ ...named, requestId: 'q3' }, ROOT);
        const past = { outcome: STARTED, run: { incarnation: old.run?.incarnation, status: RunStatus.COMPLETED } };
        const reused = { code: 'INVALID_ARGUMENT', reason: 'REQUEST_ID_REUSED' };
        for (const when of ['in memory', 'in rows']) {
          expect(await runs.startRun(first, ROOT), when).toMatchObject(past);
          expect(await runs.startRun({ ...named, requestId: 'q2' }, ROOT), when).toMatchObject({
            run: { incarnation: second?.incarnation, status: RunStatus.TERMINATED },
          });
          expect(await failureOf(runs.startRun({ ...first, input: json('2') }, ROOT)), when).toMatchObject(reused);
          expect(await read('r'), when).toMatchObject({ incarnation: third?.incarnation });
          await runs.listRuns({ tenantId, afterCommit: commitToken }, ROOT);
        }
      });

      test('[41] the start of a run that was deleted, repeated with its request id, starts nothing', async () => {
        const { tenantId, runs, start } = await open();
        const request = { requestId: 'q1', input: json('1') };
        await start('r', request);
        const { commitToken } = await runs.deleteRun({ tenantId, runId: 'r' }, ROOT);
        const gone = { code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' };
        expect(await failureOf(start('r', request))).toMatchObject(gone);
        await runs.listRuns({ tenantId, afterCommit: commitToken }, ROOT);
        expect(await failureOf(start('r', request))).toMatchObject(gone);
        expect(await failureOf(runs.getRun({ tenantId, runId: 'r' }, ROOT))).toMatchObject(gone);
        await start('r', { ...request, requestId: 'q2' });
      });

      test('[4] a deletion is refused for now while too many are under way', async () => {
        const { tenantId, runs, start } = await open();
        await start('r');
        const { deletions } = served().node.partitionOf({ tenantId, runId: 'r' }).state;
        Object.defineProperty(deletions, 'size', { get: () => 10_000, configurable: true });
        const refused = await failureOf(runs.deleteRun({ tenantId, runId: 'r' }, ROOT));
        expect(refused).toMatchObject({ reason: 'OVERLOADED', metadata: { limit: 'deletions of a partition' } });
        Reflect.deleteProperty(deletions, 'size');
        expect(await runs.deleteRun({ tenantId, runId: 'r' }, ROOT)).toMatchObject({ deletedIncarnations: 1n });
      });

      test('[41] signals and controls repeated with their request id happen once, with other arguments they are refused', async () => {
        const { tenantId, runs, signals, start, kinds } = await open();
        await start('r');
        const signal = { tenantId, runId: 'r', name: 's', payload: json('1'), requestId: 'q' };
        const first = await signals.sendSignal(signal, ROOT);
        expect(await signals.sendSignal(signal, ROOT)).toEqual(first);
        const reused = { reason: 'REQUEST_ID_REUSED' };
        expect(await failureOf(signals.sendSignal({ ...signal, payload: json('2') }, ROOT))).toMatchObject(reused);
        const pause = { tenantId, runId: 'r', reason: 'later', requestId: 'q' };
        const paused = await runs.pauseRun(pause, ROOT);
        await runs.resumeRun({ tenantId, runId: 'r' }, ROOT);
        expect(await runs.pauseRun(pause, ROOT)).toEqual(paused);
        expect(await failureOf(runs.pauseRun({ ...pause, reason: 'now' }, ROOT))).toMatchObject(reused);
        const happened = await kinds('r');
        expect(happened.filter((kind) => kind === 'signalReceived')).toHaveLength(1);
        expect(happened.filter((kind) => kind === 'runPaused')).toHaveLength(1);
      });
    });
  });
