import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

test('connected workers are listed and drained', TIMEOUT, async () => {
  const { millrace, address } = served;
  expect(await millrace.run(['worker', 'list'])).toEqual({ code: 0, stdout: '', stderr: 'no workers\n' });
  await using _worker = await openOrderWorker(address, 'w1');
  const listed = await millrace.run(['worker', 'list']);
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toMatch(/^WORKER +STATE +SLOTS +QUEUES .*\nw1 +ready +0\/100 +default .* order 1 .*\n$/);
  expect(await millrace.run(['worker', 'drain', 'w1', '--grace', '5s', '--reason', 'deploy'])).toEqual({
    code: 0,
    stdout: 'w1 drains, 0 of 100 slots in use\n',
    stderr: '',
  });
  expect(await millrace.json(['worker', 'list', '--queue', 'default'])).toMatchObject({
    code: 0,
    lines: [{ workers: [{ workerId: 'w1', draining: true, slots: 100 }], more: false }],
  });
  expect(await millrace.json(['worker', 'drain', 'w1', '--undo'])).toMatchObject({
    code: 0,
    lines: [{ worker: { workerId: 'w1', draining: false } }],
  });
  expect(await millrace.run(['worker', 'drain', 'w2'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^millrace: WORKER_NOT_FOUND: /),
  });
});

test('definitions are stored, listed and shown', TIMEOUT, async () => {
  const { millrace, folder } = served;
  const file = join(folder, 'ship.json');
  await writeFile(file, '{"workflow": "ship", "version": "2", "function": {}, "runTimeout": "90s"}');
  expect(await millrace.run(['definition', 'put', file])).toMatchObject({ code: 0, stdout: 'ship 2 stored\n' });
  expect(await millrace.json(['definition', 'put', file, '--activate'])).toMatchObject({
    code: 0,
    lines: [{ created: false, definition: { definition: { workflow: 'ship', version: '2' }, active: true } }],
  });
  expect((await millrace.run(['definition', 'list'])).stdout).toMatch(
    /^WORKFLOW +VERSION +ACTIVE .*\norder +1 +yes .*\nship +2 +yes .*\n$/,
  );
  expect(await millrace.json(['definition', 'get', 'ship'])).toMatchObject({
    lines: [{ definition: { state: 'AVAILABLE', definition: { content: 'function', runTimeout: '90s' } } }],
  });
  expect((await millrace.run(['definition', 'get', 'ship'])).stdout).toContain('"runTimeout": "90s"');
  await writeFile(file, '{"workflow": "ship", "version": "2", "function": {}, "runTimeout": "91s"}');
  expect(await millrace.run(['definition', 'put', file])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^millrace: DEFINITION_EXISTS: /),
  });
  await writeFile(file, '{"workflow": "", "version": "2", "function": {}}');
  const wrong = await millrace.run(['definition', 'put', file, '--json']);
  expect(JSON.parse(wrong.stderr)).toMatchObject({
    error: { reason: 'INVALID_FIELDS', violations: [{ field: 'definition.workflow' }] },
  });
});
