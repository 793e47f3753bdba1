import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OrderInput, type OrderWorker, openOrderWorker } from './order-worker.ts';
import { type ServedState, serveState } from './served-state.ts';

let served: ServedState;
let worker: OrderWorker;

beforeAll(async () => {
  served = await serveState();
  worker = await openOrderWorker(served.address, 'w1');
}, 60_000);

afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await served?.[Symbol.asyncDispose]();
});

const TIMEOUT = { timeout: 60_000 };

/** The words that start a run which does what its input says. */
const startOf = (id: string, input: OrderInput): string[] => [
  'run',
  'start',
  'order',
  '--id',
  id,
  '--input',
  JSON.stringify(input),
];

test('a run is started, waited for, and shown with its output', TIMEOUT, async () => {
  const { millrace } = served;
  const ran = await millrace.run([...startOf('done-1', { do: 'complete', output: { total: 12.5 } }), '--wait']);
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(/^done-1 COMPLETED after [^\n]+\n\{\n {2}"total": 12.5\n\}\n$/);
  expect(ran.stderr).toMatch(/^started done-1 \(incarnation \S+\)\n$/);
  const shown = await millrace.run(['run', 'get', 'done-1']);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^Run +done-1\nStatus +COMPLETED\nWorkflow +order 1\n/);
  expect(shown.stdout).toContain('Output\n  {\n    "total": 12.5\n  }\n');
  const { lines } = await millrace.json(['run', 'get', 'done-1']);
  expect(lines).toMatchObject([
    {
      run: {
        runId: 'done-1',
        workflow: 'order',
        version: '1',
        status: 'COMPLETED',
        driver: 'SERVER',
        input: { contentType: 'application/json', value: { do: 'complete' } },
        output: { contentType: 'application/json', value: { total: 12.5 } },
      },
    },
  ]);
});

test('a wait tells by its exit code how the run ended', TIMEOUT, async () => {
  const { millrace } = served;
  const failed = await millrace.json([...startOf('failed-1', { do: 'fail' }), '--wait']);
  expect(failed).toMatchObject({
    code: 3,
    lines: [
      {
        outcome: 'STARTED',
        ended: true,
        run: { status: 'FAILED', failure: { type: 'CardDeclined', message: 'no funds' } },
      },
    ],
  });
  const text = await millrace.run(['run', 'wait', 'failed-1']);
  expect(text).toMatchObject({ code: 3, stderr: '' });
  expect(text.stdout).toMatch(/^failed-1 FAILED after [^\n]+: CardDeclined: no funds\n$/);

  await millrace.run(startOf('held-1', { do: 'hold' }));
  const open = await millrace.run(['run', 'wait', 'held-1', '--timeout', '500ms']);
  expect(open).toMatchObject({ code: 6, stderr: '' });
  expect(open.stdout).toMatch(/^held-1 is still RUNNING\n {2}waits for worker w1, who has it/);
  const waiting = millrace.start(['run', 'wait', 'held-1']);
  expect(await millrace.run(['run', 'terminate', 'held-1', '--reason', 'enough'])).toMatchObject({
    code: 0,
    stdout: 'held-1 is TERMINATED\n',
  });
  expect(await waiting.ended).toMatchObject({ code: 5, stdout: expect.stringContaining('held-1 TERMINATED after') });
});

test('a start of an id that is in use does what --conflict says', TIMEOUT, async () => {
  const { millrace } = served;
  const start = startOf('twice-1', { do: 'complete', output: 1 });
  await millrace.run([...start, '--wait']);
  const refused = await millrace.run(start);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^millrace: RUN_EXISTS: [^\n]+\n$/);
  const existing = await millrace.json([...start, '--conflict', 'use-existing', '--wait']);
  expect(existing).toMatchObject({ code: 0, lines: [{ outcome: 'EXISTING', run: { output: { value: 1 } } }] });
  const anew = await millrace.json([...start, '--conflict', 'terminate-existing']);
  expect(anew).toMatchObject({ code: 0, lines: [{ outcome: 'STARTED' }] });
});

test('an input above 1 MiB is uploaded, and comes back as what it is', TIMEOUT, async () => {
  const { millrace, folder } = served;
  const file = join(folder, 'large.json');
  await writeFile(file, JSON.stringify({ do: 'hold', padding: 'x'.repeat(1_500_000) }));
  expect(await millrace.run(['run', 'start', 'order', '--id', 'large-1', '--input-file', file])).toMatchObject({
    code: 0,
    stderr: '',
  });
  const { lines } = await millrace.json(['run', 'get', 'large-1']);
  expect(lines).toMatchObject([{ run: { input: { contentType: 'application/json', ref: { size: 1_500_026 } } } }]);
  expect((await millrace.run(['run', 'get', 'large-1'])).stdout).toMatch(
    /^Input +1\.4 MiB of application\/json in the blob store$/m,
  );
});

test('standard input and other types are taken as they are', TIMEOUT, async () => {
  const { millrace } = served;
  const start = ['run', 'start', 'order', '--wait', '--input-file', '-'];
  const ran = await millrace.run(start, '{"do":"complete","output":[1.0]}');
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+ COMPLETED/) });
  expect(await millrace.run(start, 'hello')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('standard input is not JSON'),
  });
  const typed = ['run', 'start', 'order', '--id', 'typed-1', '--tags', 'nobody', '--input-file', '-'];
  await millrace.run([...typed, '--content-type', 'text/plain'], 'hello');
  expect((await millrace.run(['run', 'get', 'typed-1'])).stdout).toMatch(/^Input +5 bytes of text\/plain$/m);
});
