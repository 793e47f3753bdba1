import { afterAll, beforeAll, expect, test } from 'vitest';
import { openOrderWorker } from './order-worker.ts';
import { type ServedState, serveState } from './served-state.ts';

let served: ServedState;

beforeAll(async () => {
  served = await serveState();
}, 60_000);

afterAll(async () => {
  await served?.[Symbol.asyncDispose]();
});

const TIMEOUT = { timeout: 60_000 };

test('a run without a worker is paused, resumed and cancelled', TIMEOUT, async () => {
  const { millrace } = served;
  await millrace.run(['run', 'start', 'order', '--id', 'steered-1']);
  expect(await millrace.run(['run', 'pause', 'steered-1', '--reason', 'lunch', '--requested-by', 'ada'])).toEqual({
    code: 0,
    stdout: 'steered-1 is PAUSED\n',
    stderr: '',
  });
  expect(await millrace.json(['run', 'resume', 'steered-1'])).toMatchObject({
    code: 0,
    lines: [{ run: { runId: 'steered-1' } }],
  });
  expect(await millrace.run(['run', 'resume', 'steered-1'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^millrace: NOT_PAUSED: /),
  });
  expect(await millrace.run(['run', 'cancel', 'steered-1', '--reason', 'changed my mind'])).toMatchObject({
    code: 0,
    stdout: 'steered-1 is CANCELLED\n',
  });
  expect(await millrace.run(['run', 'wait', 'steered-1'])).toMatchObject({
    code: 4,
    stdout: expect.stringMatching(/^steered-1 CANCELLED after .+: changed my mind\n$/),
  });
  expect(await millrace.run(['run', 'pause', 'steered-1'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^millrace: CANNOT_PAUSE: /),
  });
});

test('a signal reaches the run that waits for it', TIMEOUT, async () => {
  const { millrace, address } = served;
  await using _worker = await openOrderWorker(address, 'w1');
  await millrace.run(['run', 'start', 'order', '--id', 'signalled-1', '--input', '{"do":"park"}']);
  const waiting = millrace.start(['run', 'wait', 'signalled-1', '--json']);
  const sent = await millrace.json(['run', 'signal', 'signalled-1', 'approved', '--payload', '{"by":"ada"}']);
  expect(sent).toMatchObject({
    code: 0,
    lines: [{ runId: 'signalled-1', signal: 'approved', duplicate: false, unborn: false }],
  });
  const { code, stdout } = await waiting.ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ ended: true, run: { output: { value: 'approved' } } });
  expect(await millrace.run(['run', 'signal', 'signalled-1', 'approved'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^millrace: RUN_TERMINAL: /),
  });
});

test('a signal to a run that does not exist is kept only when that is asked for', TIMEOUT, async () => {
  const { millrace } = served;
  const signal = ['run', 'signal', 'unborn-1', 'approved'];
  expect(await millrace.run(signal)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^millrace: RUN_NOT_FOUND: /),
  });
  expect(await millrace.run([...signal, '--allow-unborn'])).toEqual({
    code: 0,
    stdout: 'sent approved to unborn-1, which gets it when it starts\n',
    stderr: '',
  });
});

test('a run is deleted with --yes, and never without somebody to ask', TIMEOUT, async () => {
  const { millrace } = served;
  await millrace.run(['run', 'start', 'order', '--id', 'deleted-1']);
  expect(await millrace.run(['run', 'delete', 'deleted-1'], 'y\n')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--yes: is missing'),
  });
  expect(await millrace.json(['run', 'delete', 'deleted-1', '--yes'])).toEqual({
    code: 0,
    lines: [{ runId: 'deleted-1', deletedIncarnations: 1, terminated: true }],
  });
  expect(await millrace.run(['run', 'get', 'deleted-1'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^millrace: RUN_NOT_FOUND: [^\n]+\n$/),
  });
});

test.each(['get', 'wait', 'watch', 'history', 'explain', 'cancel', 'terminate'])(
  'run %s of a run that is not there is exit code 1 with the reason',
  TIMEOUT,
  async (verb) => {
    const ran = await served.millrace.run(['run', verb, 'nobody-1', '--json']);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { reason: 'RUN_NOT_FOUND' } });
  },
);
