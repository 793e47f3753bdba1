import { createClient } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { ControlKind } from '#gen/millrace/state/v1/control_pb.ts';
import { ControlService } from '#gen/millrace/state/v1/control_service_pb.ts';
import { RunAction } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createRunSession } from '#libs/run-session/run-session.ts';
import { DOORS, GRPC, ROOT } from '#test/contract/state/serve-state.ts';
import { leaseOf, signalPark, stepOf, type UnaryCalls, unaryCalls } from '#test/contract/state/unary-calls.ts';
import { failureOf } from '#test/doors/failure.ts';
import { describeServed, type RunsContract } from './describe-served.ts';

const { RUNNING, PAUSED, CANCELLED, TERMINATED } = RunStatus;
const ACTIONS = ['cancelRun', 'pauseRun', 'resumeRun', 'terminateRun'] as const;
const ENDED = ['CANNOT_CANCEL', 'CANNOT_PAUSE', 'NOT_PAUSED', 'CANNOT_CANCEL'];

/** What is asked of a run, and which of the outcomes that has. StoreControl does what the call of its kind does. */
const STEPS = [
  ...ACTIONS.map((action, at) => [action, at] as const),
  [ControlKind.CANCEL, 0],
  [ControlKind.PAUSE, 1],
] as const;

/** How a run comes into a state, and what it is after each of the actions, or why it is refused. */
const MATRIX: readonly {
  readonly state: string;
  readonly reach: (calls: UnaryCalls, runId: string) => Promise<unknown>;
  readonly outcomes: readonly (RunStatus | string)[];
}[] = [
  { state: 'PENDING', reach: async () => undefined, outcomes: [CANCELLED, PAUSED, 'NOT_PAUSED', TERMINATED] },
  {
    state: 'RUNNING',
    reach: ({ take }) => take(),
    outcomes: [RUNNING, PAUSED, 'NOT_PAUSED', TERMINATED],
  },
  {
    state: 'PAUSED',
    reach: async ({ take, tenantId, runs, dispatch }, runId) => {
      const lease = leaseOf(await take());
      await dispatch.releaseWork({ tenantId, lease }, ROOT);
      await runs.pauseRun({ tenantId, runId }, ROOT);
    },
    outcomes: [RUNNING, PAUSED, RUNNING, TERMINATED],
  },
  {
    state: 'CANCELLED',
    reach: ({ tenantId, runs }, runId) => runs.cancelRun({ tenantId, runId }, ROOT),
    outcomes: [CANCELLED, 'CANNOT_PAUSE', 'NOT_PAUSED', CANCELLED],
  },
  { state: 'COMPLETED', reach: async ({ take, complete }) => complete(await take(), 0), outcomes: ENDED },
  {
    state: 'FAILED',
    reach: async ({ take, tenantId, dispatch }) => {
      const failure = { failure: { type: 'X', message: 'x', nonRetryable: true } };
      await dispatch.failWork({ tenantId, lease: leaseOf(await take()), failure }, ROOT);
    },
    outcomes: ENDED,
  },
  {
    state: 'TERMINATED',
    reach: ({ tenantId, runs }, runId) => runs.terminateRun({ tenantId, runId }, ROOT),
    outcomes: ENDED,
  },
];

/** What cancel, pause, resume and terminate do to runs of functions, through both doors and over a session. */
export const controlsContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<UnaryCalls> => unaryCalls(door, served());

      test.each(MATRIX)('[26] a run that is $state follows the control matrix', async ({ reach, outcomes }) => {
        const calls = await open();
        const { tenantId, runs, start } = calls;
        const store = createClient(ControlService, door.transport(served().addresses)).storeControl;
        for (const [action, at] of STEPS) {
          const runId = `r-${action}`;
          await start(runId);
          await reach(calls, runId);
          const outcome = outcomes[at];
          const called =
            typeof action === 'string'
              ? runs[action]({ tenantId, runId }, ROOT)
              : store({ tenantId, runId, kind: action }, ROOT);
          if (typeof outcome === 'string') {
            expect(await failureOf(called)).toMatchObject({ code: 'FAILED_PRECONDITION', reason: outcome });
          } else {
            const answer = await called;
            expect(answer.run, String(action)).toMatchObject({ status: outcome });
            if ('pending' in answer) expect(answer.pending).toBe(false);
          }
          // Nothing is left for the next one.
          await runs.deleteRun({ tenantId, runId }, ROOT);
        }
      });

      test('[26] no control finds a run that is not there', async () => {
        const { tenantId, runs } = await open();
        for (const action of ACTIONS) {
          const missing = runs[action]({ tenantId, runId: 'missing' }, ROOT);
          expect(await failureOf(missing)).toMatchObject({ code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND' });
        }
      });

      test('[29] a run that is paused between two steps goes on behind the first one when it is resumed', async () => {
        const { tenantId, runs, dispatch, start, take, poll, record, read } = await open();
        await start('r');
        const first = await take();
        await record(first, [stepOf(1, '"kept"')]);
        await runs.pauseRun({ tenantId, runId: 'r' }, ROOT);
        await dispatch.releaseWork({ tenantId, lease: leaseOf(first) }, ROOT);
        expect(await poll()).toEqual([]);
        expect(await read('r')).toMatchObject({ status: PAUSED, stepRecords: 1n });
        await runs.resumeRun({ tenantId, runId: 'r' }, ROOT);
        const second = await take();
        expect(second).toMatchObject({ stepCount: 1, attempt: 1 });
        const recorded = second.history.find(({ kind }) => kind.case === 'stepRecorded');
        expect(recorded?.kind.value).toMatchObject({ result: { value: { value: '"kept"' } } });
      });

      test('[30] a paused run that was never assigned is CANCELLED at once', async () => {
        const { tenantId, runs, start, poll } = await open();
        await start('r');
        await runs.pauseRun({ tenantId, runId: 'r' }, ROOT);
        const { run } = await runs.cancelRun({ tenantId, runId: 'r' }, ROOT);
        expect(run).toMatchObject({ status: CANCELLED, cancelling: false });
        expect(await poll()).toEqual([]);
      });

      test('[30] a paused run that was assigned cleans up before it is CANCELLED, and its results stay readable', async () => {
        const { tenantId, runs, start, take, park, record, complete, read, kinds } = await open();
        await start('r');
        const first = await take();
        await record(first, [stepOf(1)]);
        await park(first, [signalPark(2, 's')], { yieldSlot: true });
        await runs.pauseRun({ tenantId, runId: 'r' }, ROOT);
        const { run } = await runs.cancelRun({ tenantId, runId: 'r' }, ROOT);
        expect(run).toMatchObject({ status: RUNNING, cancelling: true });
        const cleanUp = await take();
        expect(cleanUp).toMatchObject({ cancelling: true, stepCount: 2 });
        await record(cleanUp, [stepOf(3)]);
        await complete(cleanUp, 3);
        expect(await read('r')).toMatchObject({ status: CANCELLED });
        expect((await kinds('r')).filter((kind) => kind === 'stepRecorded')).toHaveLength(2);
      });

      test('[30] a run that is cancelling and finds no worker is CANCELLED after its clean-up timeout', async () => {
        const { tenantId, runs, put, start, take, park } = await open();
        await put('quick', { cleanupTimeout: { nanos: 300_000_000 } });
        await start('r', { workflow: 'quick' });
        const assignment = await take({ definitions: [{ workflow: 'quick', version: '1' }] });
        await park(assignment, [signalPark(1, 's')], { yieldSlot: true });
        const before = performance.now();
        expect((await runs.cancelRun({ tenantId, runId: 'r' }, ROOT)).run).toMatchObject({ cancelling: true });
        const ended = await runs.waitRun({ tenantId, runId: 'r', wait: { seconds: 20n } }, ROOT);
        expect(ended).toMatchObject({ ended: true, run: { status: CANCELLED } });
        expect(performance.now() - before).toBeGreaterThan(290);
      });

      test('[32] what becomes ready while its run is paused is not dispatched, and only resume makes it RUNNING again', async () => {
        const { tenantId, runs, signals, start, take, poll, park, read } = await open();
        await start('r');
        const timer = { case: 'timer', value: { due: { case: 'delay', value: { nanos: 50_000_000 } } } } as const;
        const parks = [{ ordinal: 1, name: 'nap', wait: timer } as const, signalPark(2, 's')];
        await park(await take(), parks, { yieldSlot: true });
        await runs.pauseRun({ tenantId, runId: 'r' }, ROOT);
        await signals.sendSignal({ tenantId, runId: 'r', name: 's' }, ROOT);
        expect(await poll({ wait: { nanos: 200_000_000 } })).toEqual([]);
        expect(await read('r')).toMatchObject({ status: PAUSED });
        await runs.resumeRun({ tenantId, runId: 'r' }, ROOT);
        const again = await take();
        expect(again).toMatchObject({ runId: 'r', stepCount: 2 });
        expect(await read('r')).toMatchObject({ status: RUNNING });
      });
    });

    test('[26] a session by gRPC controls runs as the calls do', async () => {
      const { tenantId, start, read } = await unaryCalls(GRPC, served());
      await using channel = createChannel({ address: served().addresses.grpc, token: 'root' });
      await using session = createRunSession({ channel, tenantId });
      await start('r');
      const control = async (action: RunAction): Promise<unknown> => {
        try {
          return (await session.control({ runId: 'r', action })).status;
        } catch (error) {
          return error instanceof DomainError ? error.reason : error;
        }
      };
      expect(await control(RunAction.RESUME)).toBe('NOT_PAUSED');
      expect(await control(RunAction.PAUSE)).toBe(PAUSED);
      expect(await control(RunAction.PAUSE)).toBe(PAUSED);
      expect(await control(RunAction.RESUME)).toBe(RUNNING);
      expect(await control(RunAction.CANCEL)).toBe(CANCELLED);
      expect(await control(RunAction.CANCEL)).toBe(CANCELLED);
      expect(await control(RunAction.PAUSE)).toBe('CANNOT_PAUSE');
      expect(await read('r')).toMatchObject({ status: CANCELLED });
    });
  });
