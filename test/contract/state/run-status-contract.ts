import { describe, expect, test } from 'vitest';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { ConflictPolicy } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { maybeStatusFromProto } from '#services/state/rpc/wire/status.ts';
import { describeServed, type RunsContract } from '#test/contract/runs/describe-served.ts';
import { failureOf } from '#test/doors/failure.ts';
import { type ClientCalls, clientCalls, jsonOf } from './recording-calls.ts';
import { DOORS, ROOT } from './serve-state.ts';

const { PENDING, RUNNING, PAUSED, COMPLETED, FAILED, CANCELLED, TERMINATED } = RunStatus;
const ENDS = [COMPLETED, FAILED, CANCELLED, TERMINATED];
/** The statuses, how a run comes into each, and what it may become besides what it is. */
const TABLE: readonly (readonly [from: RunStatus, way: readonly RunStatus[], legal: readonly RunStatus[]])[] = [
  [PENDING, [], [RUNNING, ...ENDS]],
  [RUNNING, [RUNNING], [PAUSED, ...ENDS]],
  [PAUSED, [RUNNING, PAUSED], [RUNNING, ...ENDS]],
  [COMPLETED, [RUNNING, COMPLETED], []],
  [FAILED, [RUNNING, FAILED], []],
  [CANCELLED, [RUNNING, CANCELLED], []],
  [TERMINATED, [RUNNING, TERMINATED], []],
];
const ROWS = TABLE.map(([from, way, legal]) => ({ name: maybeStatusFromProto(from), from, way, legal }));

/** What RunService.UpdateRunStatus promises, on any store and through both doors. */
export const runStatusContract: RunsContract = (name, createHome) =>
  describeServed(name, createHome, (served) => {
    describe.each(DOORS)('by $name', (door) => {
      const open = (): Promise<ClientCalls> => clientCalls(door, served());

      test.each(ROWS)('[60] a run that is $name becomes what the table allows, and nothing else', async (row) => {
        const { startClient, setStatus, read } = await open();
        for (const { from: to, name: toName } of ROWS) {
          const runId = `r-${to}`;
          await startClient(runId);
          if (row.way.length > 0) await setStatus(runId, ...row.way);
          if (to === row.from || row.legal.includes(to)) {
            expect((await setStatus(runId, to)).run).toMatchObject({ status: to });
          } else {
            expect(await failureOf(setStatus(runId, to))).toMatchObject({
              code: 'FAILED_PRECONDITION',
              reason: 'ILLEGAL_STATUS',
              metadata: { from: row.name, to: toName },
            });
            expect(await read(runId)).toMatchObject({ status: row.from });
          }
        }
      });

      test('[60] a status that is expected and is not there is ILLEGAL_STATUS', async () => {
        const { tenantId, runs, startClient, read } = await open();
        await startClient('r');
        const set = (status: RunStatus, expectedStatus: RunStatus): ReturnType<typeof runs.updateRunStatus> =>
          runs.updateRunStatus({ tenantId, runId: 'r', status, expectedStatus }, ROOT);
        expect(await failureOf(set(RUNNING, PAUSED))).toMatchObject({ reason: 'ILLEGAL_STATUS' });
        expect((await set(RUNNING, PENDING)).run).toMatchObject({ status: RUNNING });
        expect(await failureOf(set(RUNNING, PENDING))).toMatchObject({ reason: 'ILLEGAL_STATUS' });
        expect((await set(RUNNING, RUNNING)).run).toMatchObject({ status: RUNNING });
        expect((await read('r')).startTime).toBeDefined();
      });

      test('[60] a run ends with its output or its failure, and whoever waits for it hears that', async () => {
        const { tenantId, runs, startClient, read, kinds, bytesOf } = await open();
        for (const runId of ['done', 'large', 'failed']) await startClient(runId);
        const waiting = runs.waitRun({ tenantId, runId: 'done', wait: { seconds: 20n } }, ROOT);
        const set = runs.updateRunStatus;
        await set({ tenantId, runId: 'done', status: COMPLETED, output: jsonOf({ paid: true }) }, ROOT);
        expect(await waiting).toMatchObject({ ended: true, run: { status: COMPLETED } });
        expect((await read('done')).output?.value).toMatchObject({ case: 'json', value: '{"paid":true}' });
        expect(await kinds('done')).toEqual(['(started)', '(ended)']);
        const output = jsonOf('x'.repeat(70_000));
        await set({ tenantId, runId: 'large', status: COMPLETED, output }, ROOT);
        expect(await bytesOf('large', (await read('large')).output)).toBe(output.value.value);
        const failure = { type: 'CardError', message: 'declined', details: output, causes: [{ type: 'IoError' }] };
        await set({ tenantId, runId: 'failed', status: FAILED, failure }, ROOT);
        const failed = (await read('failed')).failure;
        expect(failed).toMatchObject({ type: 'CardError', message: 'declined', causes: [{ type: 'IoError' }] });
        expect(await bytesOf('failed', failed?.details)).toBe(output.value.value);
      });

      test('[60] an output is of COMPLETED alone, and a failure of FAILED', async () => {
        const { tenantId, runs, startClient, read } = await open();
        await startClient('r');
        const both = { output: jsonOf(1), failure: { type: 'E', message: 'm' } };
        const wrong = runs.updateRunStatus({ tenantId, runId: 'r', status: RUNNING, ...both }, ROOT);
        expect(await failureOf(wrong)).toMatchObject({
          reason: 'INVALID_FIELDS',
          violations: [{ field: 'output' }, { field: 'failure' }],
        });
        expect(await failureOf(runs.updateRunStatus({ tenantId, runId: 'r' }, ROOT))).toMatchObject({
          reason: 'INVALID_FIELDS',
        });
        expect(await read('r')).toMatchObject({ status: PENDING });
      });

      test('[60] who changed it and why is told, and lists that wait for the change show it', async () => {
        const { tenantId, runs, startClient, list, log, read } = await open();
        await startClient('r');
        const update = { tenantId, runId: 'r', reason: 'by hand' };
        await runs.updateRunStatus({ ...update, status: RUNNING }, ROOT);
        expect((await log('r')).at(-1)?.kind).toMatchObject({
          value: { kind: { value: { fromStatus: PENDING, toStatus: RUNNING, reason: 'by hand' } } },
        });
        const { commitToken } = await runs.updateRunStatus({ ...update, status: TERMINATED }, ROOT);
        const listed = await list({ filter: { statuses: [TERMINATED] }, afterCommit: commitToken });
        expect(listed.runs.map(({ runId }) => runId)).toEqual(['r']);
        expect(await read('r')).toMatchObject({ endReason: 'by hand' });
      });

      test('[9, 39, 41] it is for the newest incarnation of a CLIENT run, and a repeat changes nothing', async () => {
        const { tenantId, runs, start, startClient, setStatus, read } = await open();
        await start('server');
        expect(await failureOf(setStatus('server', RUNNING))).toMatchObject({ reason: 'WRONG_DRIVER' });
        expect(await failureOf(setStatus('missing', RUNNING))).toMatchObject({ reason: 'RUN_NOT_FOUND' });
        const incarnation = await startClient('r');
        const ask = { tenantId, runId: 'r', status: RUNNING, requestId: 'once' };
        const first = await runs.updateRunStatus(ask, ROOT);
        await setStatus('r', PAUSED);
        expect(await runs.updateRunStatus(ask, ROOT)).toEqual(first);
        expect(await read('r')).toMatchObject({ status: PAUSED });
        const reused = runs.updateRunStatus({ ...ask, status: COMPLETED }, ROOT);
        expect(await failureOf(reused)).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
        await start('r', { driver: Driver.CLIENT, conflictPolicy: ConflictPolicy.TERMINATE_EXISTING });
        const late = runs.updateRunStatus({ tenantId, runId: 'r', incarnation, status: RUNNING }, ROOT);
        expect(await failureOf(late)).toMatchObject({ code: 'ABORTED', reason: 'LEASE_LOST' });
      });
    });
  });
