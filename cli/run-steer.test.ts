import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  CancelRunResponseSchema,
  type DeleteRunRequest,
  DeleteRunResponseSchema,
  GetRunResponseSchema,
  PauseRunResponseSchema,
  ResumeRunResponseSchema,
  TerminateRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { type SendSignalRequest, SendSignalResponseSchema } from '#gen/millrace/state/v1/signal_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { endedRun, INCARNATION, runOf } from './testing/messages.ts';
import { runInProcess, startInProcess } from './testing/run-in-process.ts';
import { serveScript } from './testing/scripted-state.ts';

test.each([
  ['cancel', 'order-42 is RUNNING (cancelling)'],
  ['pause', 'order-42 is PAUSED'],
  ['resume', 'order-42 is RUNNING'],
  ['terminate', 'order-42 is TERMINATED'],
])('run %s says how the run stands after it', async (verb, line) => {
  const requests: unknown[] = [];
  const keep = <T>(request: unknown, answer: T): T => {
    requests.push(request);
    return answer;
  };
  await using state = await serveScript({
    runs: {
      cancelRun: (request) => keep(request, create(CancelRunResponseSchema, { run: runOf({ cancelling: true }) })),
      pauseRun: (request) =>
        keep(request, create(PauseRunResponseSchema, { run: runOf({ status: RunStatus.PAUSED }) })),
      resumeRun: (request) => keep(request, create(ResumeRunResponseSchema, { run: runOf() })),
      terminateRun: (request) =>
        keep(request, create(TerminateRunResponseSchema, { run: endedRun(RunStatus.TERMINATED) })),
    },
  });
  const args = ['run', verb, 'order-42', '--reason', 'lunch', '--requested-by', 'ada', '--request-id', 'q1'];
  const options = ['--incarnation', INCARNATION, '--address', state.address];
  expect(await runInProcess([...args, ...options])).toEqual({ code: 0, stdout: `${line}\n`, stderr: '' });
  const { stdout } = await runInProcess([...args, ...options, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ run: { runId: 'order-42' } });
  expect(requests[0]).toMatchObject({
    runId: 'order-42',
    incarnation: INCARNATION,
    reason: 'lunch',
    requestedBy: 'ada',
    requestId: 'q1',
  });
});

test('a control that cannot be is refused with its reason', async () => {
  await using state = await serveScript({
    runs: {
      cancelRun() {
        throw new DomainError('CANNOT_CANCEL', 'the run has ended');
      },
    },
  });
  expect(await runInProcess(['run', 'cancel', 'order-42', '--address', state.address])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'millrace: CANNOT_CANCEL: the run has ended\n',
  });
});

test('a signal goes with its payload', async () => {
  const requests: SendSignalRequest[] = [];
  await using state = await serveScript({
    signals: {
      sendSignal(request) {
        requests.push(request);
        return create(SendSignalResponseSchema, { incarnation: INCARNATION, duplicate: request.signalId === 's1' });
      },
    },
  });
  const args = ['run', 'signal', 'order-42', 'approved', '--payload', '{"by":"ada"}', '--address', state.address];
  expect(await runInProcess(args)).toEqual({ code: 0, stdout: 'sent approved to order-42\n', stderr: '' });
  const repeated = await runInProcess([...args, '--signal-id', 's1', '--allow-unborn', '--json']);
  expect(JSON.parse(repeated.stdout)).toEqual({
    runId: 'order-42',
    incarnation: INCARNATION,
    signal: 'approved',
    duplicate: true,
    unborn: false,
  });
  expect(requests).toMatchObject([
    { runId: 'order-42', name: 'approved', payload: { value: { value: '{"by":"ada"}' } }, allowUnborn: false },
    { signalId: 's1', allowUnborn: true },
  ]);
});

test('a signal without its name is not understood', async () => {
  const { code, stderr } = await runInProcess(['run', 'signal', 'order-42']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'millrace: <signal>: is missing\nsee millrace run signal --help\n',
  });
});

/** Serves a run that can be deleted, and keeps the requests. */
async function serveDeletion() {
  const requests: DeleteRunRequest[] = [];
  const state = await serveScript({
    runs: {
      getRun: () => create(GetRunResponseSchema, { run: runOf() }),
      deleteRun(request) {
        requests.push(request);
        return create(DeleteRunResponseSchema, { deletedIncarnations: 2n, terminated: true });
      },
    },
  });
  const args = ['run', 'delete', 'order-42', '--address', state.address];
  return { args, requests, [Symbol.asyncDispose]: () => state[Symbol.asyncDispose]() };
}

const QUESTION = 'order-42 is RUNNING. Delete it with all its incarnations? [y/N] ';

test.each(['y\n', 'YES\n', 'y'])('on a terminal a run is deleted once somebody answers %j', async (input) => {
  await using served = await serveDeletion();
  expect(await runInProcess(served.args, { isTerminal: true, input })).toEqual({
    code: 0,
    stdout: 'deleted order-42: 2 incarnations, one of which was open\n',
    stderr: QUESTION,
  });
  expect(served.requests).toHaveLength(1);
});

test.each(['n\n', '\n', '', 'yes please\n'])('%j is no', async (input) => {
  await using served = await serveDeletion();
  expect(await runInProcess(served.args, { isTerminal: true, input })).toEqual({
    code: 1,
    stdout: '',
    stderr: `${QUESTION}millrace: nothing was deleted\n`,
  });
  expect(served.requests).toEqual([]);
});

test('Ctrl-C at the question deletes nothing', async () => {
  await using served = await serveDeletion();
  const never: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
  };
  const running = startInProcess(served.args, { isTerminal: true, input: never });
  await running.shows(QUESTION);
  running.signal('SIGINT');
  expect(await running.ended).toMatchObject({ code: 130, stdout: '' });
  expect(served.requests).toEqual([]);
});

test('without a terminal nobody is asked, and --yes is wanted', async () => {
  await using served = await serveDeletion();
  const { code, stderr } = await runInProcess(served.args, { input: 'y\n' });
  expect(code).toBe(2);
  expect(stderr).toContain('--yes: is missing, and nobody is at a terminal to be asked');
  expect(served.requests).toEqual([]);
  const json = await runInProcess([...served.args, '--yes', '--json']);
  expect(JSON.parse(json.stdout)).toEqual({ runId: 'order-42', deletedIncarnations: 2, terminated: true });
});
