import { create } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { type WaitRunRequest, WaitRunResponseSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { endedRun, INCARNATION, notFound, runOf } from './testing/messages.ts';
import { runInProcess, startInProcess } from './testing/run-in-process.ts';
import { serveScript } from './testing/scripted-state.ts';

const failure = { type: 'CardDeclined', message: 'no funds' };

test.each([
  [RunStatus.COMPLETED, 0, 'COMPLETED'],
  [RunStatus.FAILED, 3, 'FAILED'],
  [RunStatus.CANCELLED, 4, 'CANCELLED'],
  [RunStatus.TERMINATED, 5, 'TERMINATED'],
])('a run that ends with status %i ends the wait with %i', async (status, code, name) => {
  await using state = await serveScript({
    runs: { waitRun: () => create(WaitRunResponseSchema, { ended: true, run: endedRun(status, { failure }) }) },
  });
  const args = ['run', 'wait', 'order-42', '--address', state.address];
  expect(await runInProcess(args)).toEqual({
    code,
    stdout: `order-42 ${name} after 2 s: CardDeclined: no funds\n`,
    stderr: '',
  });
  const json = await runInProcess([...args, '--json']);
  expect(json).toMatchObject({ code, stderr: '' });
  expect(JSON.parse(json.stdout)).toMatchObject({ ended: true, run: { status: name } });
});

test('a wait whose time is up says what the run waits for, with exit code 6', async () => {
  const waited: number[] = [];
  const run = runOf({ waits: [{ kind: { case: 'signal', value: { name: 'paid' } } }] });
  await using state = await serveScript({
    runs: {
      async waitRun({ wait }) {
        const waitMs = wait === undefined ? -1 : durationMs(wait);
        waited.push(waitMs);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        return create(WaitRunResponseSchema, { run });
      },
    },
  });
  const args = ['run', 'wait', 'order-42', '--address', state.address, '--timeout'];
  expect(await runInProcess([...args, '50ms'])).toEqual({
    code: 6,
    stdout: 'order-42 is still RUNNING\n  waits for signal paid\n',
    stderr: '',
  });
  expect(waited[0]).toBeGreaterThan(0);
  expect(waited[0]).toBeLessThanOrEqual(50);
  waited.length = 0;
  const once = await runInProcess([...args, '0s', '--json']);
  expect(once.code).toBe(6);
  expect(JSON.parse(once.stdout)).toMatchObject({ ended: false, run: { status: 'RUNNING' } });
  expect(waited).toEqual([0]);
});

test('a wait stays with the incarnation that it began with, and with a service that goes away meanwhile', async () => {
  const requests: WaitRunRequest[] = [];
  await using state = await serveScript({
    runs: {
      waitRun(request) {
        requests.push(request);
        if (requests.length >= 2 && requests.length <= 6) {
          throw new DomainError('UNAVAILABLE', 'the partition moves');
        }
        const ended = requests.length > 6;
        return create(WaitRunResponseSchema, { ended, run: ended ? endedRun(RunStatus.COMPLETED) : runOf() });
      },
    },
  });
  expect(await runInProcess(['run', 'wait', 'order-42', '--address', state.address])).toMatchObject({ code: 0 });
  expect(requests.map(({ incarnation }) => incarnation)).toEqual(['', ...Array(6).fill(INCARNATION)]);
});

test('a run that is not there is an error at once', async () => {
  await using state = await serveScript({
    runs: {
      waitRun({ runId }) {
        throw notFound(runId);
      },
    },
  });
  expect(await runInProcess(['run', 'wait', 'x', '--address', state.address])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'millrace: RUN_NOT_FOUND: there is no run x\n',
  });
});

test('on a terminal a line shows what the run waits for, and Ctrl-C ends the wait with 130', async () => {
  let calls = 0;
  await using state = await serveScript({
    runs: {
      async waitRun(_request, { signal }) {
        calls += 1;
        if (calls > 1) {
          await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('gone'))));
        }
        const waits = [{ nodePath: 'ship', kind: { case: 'worker', value: { queue: 'default' } } } as const];
        return create(WaitRunResponseSchema, { run: runOf({ waits }) });
      },
    },
  });
  const running = startInProcess(['run', 'wait', 'order-42', '--address', state.address], { isTerminal: true });
  await running.shows('order-42 is RUNNING: waits for a worker to take it from queue default (ship)');
  running.signal('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  expect(stderr.endsWith('millrace: interrupted\n')).toBe(true);
});
