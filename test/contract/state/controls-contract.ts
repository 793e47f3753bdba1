import { timestampMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { ControlKind } from '#gen/millrace/state/v1/control_pb.ts';
import { ControlOutcome } from '#gen/millrace/state/v1/control_service_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { ConflictPolicy, RunAction } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createRunSession } from '#libs/run-session/run-session.ts';
import { describeServed, type RunsContract } from '#test/contract/runs/describe-served.ts';
import { failureOf } from '#test/doors/failure.ts';
import { type ClientCalls, clientCalls, jsonOf } from './recording-calls.ts';
import { DOORS, GRPC, ROOT } from './serve-state.ts';

const { PENDING, RUNNING, PAUSED, COMPLETED, FAILED, CANCELLED, TERMINATED } = RunStatus;
const { CANCEL, PAUSE } = ControlKind;
const ENDED = ['CANNOT_CANCEL', 'CANNOT_PAUSE', 'NOT_PAUSED', 'CANNOT_CANCEL'];

/** How a run whose client drives it comes into a state; what it is after cancel, pause, resume and terminate, or why not. */
const MATRIX: readonly {
  readonly state: string;
  readonly through: readonly RunStatus[];
  readonly outcomes: readonly (RunStatus | string)[];
  /** Whether a cancel and a pause wait for the runtime. */
  readonly isStored: readonly [boolean, boolean];
}[] = [
  { state: 'PENDING', through: [], outcomes: [PENDING, PENDING, 'NOT_PAUSED', TERMINATED], isStored: [true, true] },
  {
    state: 'RUNNING',
    through: [RUNNING],
    outcomes: [RUNNING, RUNNING, 'NOT_PAUSED', TERMINATED],
    isStored: [true, true],
  },
  {
    state: 'PAUSED',
    through: [RUNNING, PAUSED],
    outcomes: [CANCELLED, PAUSED, RUNNING, TERMINATED],
    isStored: [false, false],
  },
  {
    state: 'CANCELLED',
    through: [CANCELLED],
    outcomes: [CANCELLED, 'CANNOT_PAUSE', 'NOT_PAUSED', CANCELLED],
    isStored: [false, false],
  },
  { state: 'COMPLETED', through: [RUNNING, COMPLETED], outcomes: ENDED, isStored: [false, false] },
  { state: 'FAILED', through: [RUNNING, FAILED], outcomes: ENDED, isStored: [false, false] },
  { state: 'TERMINATED', through: [RUNNING, TERMINATED], outcomes: ENDED, isStored: [false, false] },
];

/** What ControlService promises, and the controls of runs that their clients drive, through both doors. */
export const controlsContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<ClientCalls> => clientCalls(door, served());

      test.each(MATRIX)('[26] a CLIENT run that is $state follows the control matrix', async (row) => {
        const { tenantId, runs, controls, startClient, setStatus } = await open();
        let runId = '';
        const actions = [
          [() => runs.cancelRun({ tenantId, runId }, ROOT), 0],
          [() => controls.storeControl({ tenantId, runId, kind: CANCEL }, ROOT), 0],
          [() => runs.pauseRun({ tenantId, runId }, ROOT), 1],
          [() => controls.storeControl({ tenantId, runId, kind: PAUSE }, ROOT), 1],
          [() => runs.resumeRun({ tenantId, runId }, ROOT), 2],
          [() => runs.terminateRun({ tenantId, runId }, ROOT), 3],
        ] as const;
        for (const [number, [act, at]] of actions.entries()) {
          runId = `r-${number}`;
          await startClient(runId);
          if (row.through.length > 0) await setStatus(runId, ...row.through);
          const outcome = row.outcomes[at];
          if (typeof outcome === 'string') {
            expect(await failureOf(act()), String(number)).toMatchObject({
              code: 'FAILED_PRECONDITION',
              reason: outcome,
              metadata: { state: row.state },
            });
            continue;
          }
          const answer = await act();
          expect(answer.run, String(number)).toMatchObject({ status: outcome, cancelling: false });
          if ('pending' in answer) expect(answer.pending).toBe(row.isStored[at === 0 ? 0 : 1]);
          const stored = await Promise.all(
            [CANCEL, PAUSE].map((kind) => controls.getControl({ tenantId, runId, kind }, ROOT)),
          );
          expect(stored.map(({ control }) => control !== undefined)).toEqual([
            at === 0 && row.isStored[0],
            at === 1 && row.isStored[1],
          ]);
        }
      });

      test('[26] what StoreControl does to a SERVER run is done at once, and nothing of it is pending', async () => {
        const { tenantId, controls, start } = await open();
        for (const [kind, status] of [
          [CANCEL, CANCELLED],
          [PAUSE, PAUSED],
        ] as const) {
          const runId = `r-${kind}`;
          await start(runId);
          const ask = { tenantId, runId, kind };
          const stored = await controls.storeControl({ ...ask, reason: 'why', requestedBy: 'ann' }, ROOT);
          expect(stored).toMatchObject({ pending: false, run: { status }, control: { kind, reason: 'why' } });
          expect((await controls.getControl(ask, ROOT)).control).toBeUndefined();
          expect(await controls.clearControl(ask, ROOT)).toMatchObject({ cleared: false });
        }
      });

      test('[27] a control is answered as it was asked for until it is cleared, and a newer one of its kind replaces it', async () => {
        const { tenantId, controls, startClient, read } = await open();
        await startClient('r');
        const ask = { tenantId, runId: 'r', kind: PAUSE };
        const before = Date.now() - 1;
        await controls.storeControl({ ...ask, reason: 'audit', requestedBy: 'ann' }, ROOT);
        const { control } = await controls.getControl(ask, ROOT);
        expect(control).toMatchObject({ kind: PAUSE, reason: 'audit', requestedBy: 'ann' });
        expect(control?.requestTime === undefined ? 0 : timestampMs(control.requestTime)).toBeGreaterThanOrEqual(
          before,
        );
        expect((await controls.getControl({ ...ask, kind: CANCEL }, ROOT)).control).toBeUndefined();
        await controls.storeControl({ ...ask, reason: 'holiday', requestedBy: 'bob' }, ROOT);
        expect((await controls.getControl(ask, ROOT)).control).toMatchObject({ reason: 'holiday', requestedBy: 'bob' });
        expect((await read('r')).controls).toHaveLength(1);
        const clear = { ...ask, requestId: 'clear' };
        expect(await controls.clearControl(clear, ROOT)).toMatchObject({ cleared: true });
        expect(await controls.clearControl(clear, ROOT)).toMatchObject({ cleared: true });
        expect(await controls.clearControl(ask, ROOT)).toMatchObject({ cleared: false });
        expect((await controls.getControl(ask, ROOT)).control).toBeUndefined();
        expect(await controls.checkControls({ tenantId, runId: 'r' }, ROOT)).toMatchObject({
          outcome: ControlOutcome.NONE,
        });
      });

      test('[28] a cancel that is pending takes effect at the task that checks, and the answer stays the same', async () => {
        const { tenantId, controls, startClient, setStatus, read, kinds, log } = await open();
        await startClient('r');
        await setStatus('r', RUNNING);
        const check = { tenantId, runId: 'r', taskId: 'charge' };
        const none = await controls.checkAndCancel(check, ROOT);
        expect([none.cancelled, none.control]).toEqual([false, undefined]);
        expect(await controls.checkAndPause(check, ROOT)).toMatchObject({ paused: false, cancelled: false });
        expect(await read('r')).toMatchObject({ status: RUNNING });
        await controls.storeControl({ tenantId, runId: 'r', kind: PAUSE, reason: 'pause' }, ROOT);
        expect(await controls.checkAndCancel(check, ROOT)).toMatchObject({ cancelled: false });
        await controls.storeControl({ tenantId, runId: 'r', kind: CANCEL, reason: 'late', requestedBy: 'ann' }, ROOT);
        const control = { kind: CANCEL, reason: 'late', requestedBy: 'ann' };
        const first = await controls.checkAndCancel({ ...check, requestId: 'c' }, ROOT);
        expect(first).toMatchObject({ cancelled: true, control });
        expect(await controls.checkAndCancel({ ...check, requestId: 'c' }, ROOT)).toEqual(first);
        const again = await controls.checkAndCancel(check, ROOT);
        expect([again.cancelled, again.control]).toEqual([true, undefined]);
        expect(await read('r')).toMatchObject({
          status: CANCELLED,
          controls: [],
          endedBy: 'ann',
          endReason: 'late',
        });
        expect((await kinds('r')).slice(-2)).toEqual(['(controlCleared)', '(ended)']);
        const ended = (await log('r')).at(-1)?.kind;
        expect(ended).toMatchObject({ value: { kind: { value: { interruptedAt: 'charge' } } } });
      });

      test('[28] a pause that is pending takes effect at a check, and of two the cancel does', async () => {
        const { tenantId, controls, startClient, setStatus, read } = await open();
        await startClient('r');
        await setStatus('r', RUNNING);
        const store = (runId: string, kind: ControlKind): Promise<unknown> =>
          controls.storeControl({ tenantId, runId, kind }, ROOT);
        await store('r', PAUSE);
        const check = { tenantId, runId: 'r', taskId: 't' };
        expect(await controls.checkAndPause(check, ROOT)).toMatchObject({ paused: true, control: { kind: PAUSE } });
        expect(await controls.checkAndPause(check, ROOT)).toMatchObject({ paused: true, cancelled: false });
        expect(await controls.checkControls(check, ROOT)).toMatchObject({ outcome: ControlOutcome.PAUSED });
        expect(await read('r')).toMatchObject({ status: PAUSED, controls: [] });
        for (const [runId, how] of [
          ['both', 'checkControls'],
          ['pause', 'checkAndPause'],
        ] as const) {
          await startClient(runId);
          await store(runId, PAUSE);
          await store(runId, CANCEL);
          const answer = await controls[how]({ tenantId, runId }, ROOT);
          if ('outcome' in answer) expect(answer.outcome).toBe(ControlOutcome.CANCELLED);
          else expect(answer).toMatchObject({ paused: false, cancelled: true, control: { kind: CANCEL } });
          expect(await read(runId)).toMatchObject({ status: CANCELLED });
        }
      });

      test('[25] a run whose task is offered says which control it waits for', async () => {
        const { tenantId, runs, controls, startClient, kinds } = await open();
        await startClient('r', 'first');
        expect(await kinds('r')).toEqual(['(started)', '(positionSet)', '(workOffered)']);
        await controls.storeControl({ tenantId, runId: 'r', kind: PAUSE }, ROOT);
        const { blockers } = await runs.explainRun({ tenantId, runId: 'r' }, ROOT);
        expect(blockers.map(({ kind }) => kind.case)).toContain('pendingControl');
      });

      test('[29, 30] a paused run keeps what it has, goes on where it was, and is CANCELLED at once', async () => {
        const { tenantId, runs, controls, startClient, setStatus, append, read, state } = await open();
        await startClient('r', 'second');
        await setStatus('r', RUNNING);
        await append('r', 'first done');
        await runs.patchRunState({ tenantId, runId: 'r', patch: jsonOf({ first: 1 }) }, ROOT);
        await controls.storeControl({ tenantId, runId: 'r', kind: PAUSE }, ROOT);
        await controls.checkAndPause({ tenantId, runId: 'r' }, ROOT);
        const paused = await read('r');
        expect(paused.position?.at).toMatchObject({ case: 'atTask', value: { taskId: 'second' } });
        const { run } = await runs.resumeRun({ tenantId, runId: 'r' }, ROOT);
        expect(run).toMatchObject({ status: RUNNING, lastSequence: 1n });
        expect((await read('r')).position).toEqual(paused.position);
        await setStatus('r', PAUSED);
        expect((await runs.cancelRun({ tenantId, runId: 'r' }, ROOT)).run).toMatchObject({ status: CANCELLED });
        expect(await state('r')).toEqual({ first: 1 });
      });

      test('[31] nothing that comes after a cancel changes the run any more', async () => {
        const { tenantId, runs, controls, startClient, setStatus, append, kinds } = await open();
        await startClient('r');
        await setStatus('r', RUNNING);
        await controls.storeControl({ tenantId, runId: 'r', kind: CANCEL }, ROOT);
        await controls.checkControls({ tenantId, runId: 'r' }, ROOT);
        const before = await kinds('r');
        for (const late of [
          append('r', 'late'),
          runs.patchRunState({ tenantId, runId: 'r', patch: jsonOf({}) }, ROOT),
        ]) {
          expect(await failureOf(late)).toMatchObject({ reason: 'RUN_TERMINAL', metadata: { state: 'CANCELLED' } });
        }
        expect(await failureOf(setStatus('r', RUNNING))).toMatchObject({ reason: 'ILLEGAL_STATUS' });
        expect(await kinds('r')).toEqual(before);
      });

      test('[9] checks of a SERVER run are WRONG_DRIVER, and no control finds a run that is not there', async () => {
        const { tenantId, controls, start } = await open();
        await start('r');
        for (const check of ['checkAndCancel', 'checkAndPause', 'checkControls'] as const) {
          const wrong = await failureOf(controls[check]({ tenantId, runId: 'r' }, ROOT));
          expect(wrong).toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'WRONG_DRIVER' });
        }
        const missing = { tenantId, runId: 'missing' };
        for (const call of [
          ...(['checkAndCancel', 'checkAndPause', 'checkControls'] as const).map((check) =>
            controls[check](missing, ROOT),
          ),
          ...(['storeControl', 'getControl', 'clearControl'] as const).map((what) =>
            controls[what]({ ...missing, kind: PAUSE }, ROOT),
          ),
        ]) {
          expect(await failureOf(call)).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
        }
        const unknown = controls.storeControl({ tenantId, runId: 'r' }, ROOT);
        expect(await failureOf(unknown)).toMatchObject({ reason: 'INVALID_FIELDS' });
      });

      test('[39] another incarnation has none of the controls of the one before, and its runtime is LEASE_LOST', async () => {
        const { tenantId, controls, start, startClient } = await open();
        const incarnation = await startClient('r');
        const ask = { tenantId, runId: 'r', kind: CANCEL };
        await controls.storeControl(ask, ROOT);
        await start('r', { driver: Driver.CLIENT, conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
        expect((await controls.getControl(ask, ROOT)).control).toBeUndefined();
        expect((await controls.getControl({ ...ask, incarnation }, ROOT)).control).toBeUndefined();
        const late = controls.checkControls({ tenantId, runId: 'r', incarnation }, ROOT);
        expect(await failureOf(late)).toMatchObject({ code: 'ABORTED', reason: 'LEASE_LOST' });
        for (const what of ['storeControl', 'clearControl'] as const) {
          const gone = controls[what]({ ...ask, incarnation }, ROOT);
          expect(await failureOf(gone)).toMatchObject({ reason: 'RUN_NOT_FOUND', metadata: { incarnation } });
        }
      });

      test('[41] a control that is repeated gets the first answer, and its request id is not for another kind', async () => {
        const { tenantId, controls, startClient } = await open();
        await startClient('r');
        const ask = { tenantId, runId: 'r', kind: PAUSE, requestId: 'once' };
        const first = await controls.storeControl(ask, ROOT);
        await controls.checkAndPause({ tenantId, runId: 'r' }, ROOT);
        expect(await controls.storeControl(ask, ROOT)).toEqual(first);
        const other = controls.storeControl({ ...ask, kind: CANCEL }, ROOT);
        expect(await failureOf(other)).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
      });
    });

    test('[26] a session stores controls of a CLIENT run as the calls do, and tells a repeat from a change', async () => {
      const { tenantId, startClient, setStatus } = await clientCalls(GRPC, served());
      await using channel = createChannel({ address: served().addresses.grpc, token: 'root' });
      await using session = createRunSession({ channel, tenantId });
      await startClient('r');
      const control = async (action: RunAction): Promise<unknown> => {
        const { status, duplicate } = await session.control({ runId: 'r', action });
        return [status, duplicate];
      };
      expect(await control(RunAction.PAUSE)).toEqual([PENDING, false]);
      expect(await control(RunAction.PAUSE)).toEqual([PENDING, true]);
      await setStatus('r', RUNNING, PAUSED);
      expect(await control(RunAction.RESUME)).toEqual([RUNNING, false]);
      expect(await control(RunAction.TERMINATE)).toEqual([TERMINATED, false]);
    });
  });
