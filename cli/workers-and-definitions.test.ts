import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import {
  GetDefinitionResponseSchema,
  ListDefinitionsResponseSchema,
  type PutDefinitionRequest,
  PutDefinitionResponseSchema,
} from '#gen/millrace/state/v1/definition_service_pb.ts';
import {
  type DrainWorkerRequest,
  DrainWorkerResponseSchema,
  ListWorkersResponseSchema,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { DefinitionState } from '#gen/millrace/state/v1/stored_definition_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { CREATED_MS } from './testing/messages.ts';
import { runInProcess } from './testing/run-in-process.ts';
import { serveScript } from './testing/scripted-state.ts';

const worker = {
  workerId: 'w1',
  queues: ['default', 'gpu'],
  definitions: [{ workflow: 'order', version: '3' }],
  slots: 8,
  leased: 3,
  sdk: 'typescript/1.2.0',
  heartbeatTime: timestampFromMs(CREATED_MS),
};

test('workers are listed with what they run and how busy they are', async () => {
  await using state = await serveScript({
    dispatch: {
      listWorkers: ({ queue, workflow }) =>
        create(ListWorkersResponseSchema, { workers: queue === 'none' || workflow === 'none' ? [] : [worker] }),
    },
  });
  const args = ['worker', 'list', '--address', state.address];
  expect(await runInProcess(args, { wallMs: CREATED_MS + 3_000 })).toEqual({
    code: 0,
    stderr: '',
    stdout: `WORKER   STATE   SLOTS   QUEUES        TAGS   RUNS      SDK                HEARD
w1       ready   3/8     default,gpu   -      order 3   typescript/1.2.0   3 s ago
`,
  });
  const { stdout } = await runInProcess([...args, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ workers: [{ workerId: 'w1', slots: 8, draining: false }], more: false });
  expect(await runInProcess([...args, '--queue', 'none'])).toMatchObject({ stdout: '', stderr: 'no workers\n' });
  expect(await runInProcess([...args, '--workflow', 'none'])).toMatchObject({ stdout: '', stderr: 'no workers\n' });
});

test('a worker is drained, and the drain taken back', async () => {
  const requests: DrainWorkerRequest[] = [];
  await using state = await serveScript({
    dispatch: {
      drainWorker(request) {
        requests.push(request);
        if (request.workerId !== 'w1') {
          throw new DomainError('WORKER_NOT_FOUND', 'no such worker is connected');
        }
        return create(DrainWorkerResponseSchema, { worker: { ...worker, draining: !request.undo } });
      },
    },
  });
  const drain = ['worker', 'drain', '--address', state.address];
  expect(await runInProcess([...drain, 'w1', '--grace', '2m', '--reason', 'deploy'])).toEqual({
    code: 0,
    stdout: 'w1 drains, 3 of 8 slots in use\n',
    stderr: '',
  });
  const undone = await runInProcess([...drain, 'w1', '--undo', '--json']);
  expect(JSON.parse(undone.stdout)).toMatchObject({ worker: { workerId: 'w1', draining: false } });
  expect(requests).toMatchObject([{ workerId: 'w1', reason: 'deploy', grace: { seconds: 120n } }, { undo: true }]);
  expect(await runInProcess([...drain, 'w2'])).toMatchObject({
    code: 1,
    stderr: 'millrace: WORKER_NOT_FOUND: no such worker is connected\n',
  });
});

const stored = {
  definition: { workflow: 'order', version: '3', content: { case: 'function', value: {} } },
  definitionHash: 'abc',
  state: DefinitionState.AVAILABLE,
  active: true,
  unfinishedRuns: 2n,
  announcedBy: 1,
  createTime: timestampFromMs(CREATED_MS),
} as const;

test('a definition is stored from a file, and a foreign one as it is', async () => {
  const requests: PutDefinitionRequest[] = [];
  await using state = await serveScript({
    definitions: {
      putDefinition(request) {
        requests.push(request);
        return create(PutDefinitionResponseSchema, { definition: stored, created: true });
      },
    },
  });
  const file = join(tmpdir(), `millrace-definition-${process.pid}.json`);
  await writeFile(file, '{"workflow": "order", "version": "3", "function": {}, "runTimeout": "90s"}');
  const args = ['definition', 'put', file, '--address', state.address];
  expect(await runInProcess([...args, '--activate'])).toEqual({
    code: 0,
    stdout: 'order 3 stored, and is active\n',
    stderr: '',
  });
  const opaque = await runInProcess([
    ...args,
    '--opaque',
    '--workflow',
    'o',
    '--version',
    '1',
    '--hash',
    'h',
    '--json',
  ]);
  expect(JSON.parse(opaque.stdout)).toMatchObject({ created: true, definition: { definitionHash: 'abc' } });
  expect(requests).toMatchObject([
    { activate: true, definition: { workflow: 'order', content: { case: 'function' }, runTimeout: { seconds: 90n } } },
    {
      activate: false,
      definitionHash: 'h',
      definition: { workflow: 'o', version: '1', content: { case: 'opaque', value: { value: { case: 'json' } } } },
    },
  ]);
  await writeFile(file, '{"workflw": "order"}');
  const refused = await runInProcess(args);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^millrace: the file \S+ is no definition: .*workflw/);
  expect(await runInProcess([...args, '--opaque', '--version', '1'])).toMatchObject({ code: 2 });
  expect(await runInProcess([...args, '--workflow', 'o'])).toMatchObject({ code: 2 });
});

test('definitions are listed and shown', async () => {
  await using state = await serveScript({
    definitions: {
      listDefinitions: () => create(ListDefinitionsResponseSchema, { definitions: [stored] }),
      getDefinition: () => create(GetDefinitionResponseSchema, { definition: stored }),
    },
  });
  const options = ['--address', state.address];
  const wallMs = CREATED_MS + 180_000;
  expect(await runInProcess(['definition', 'list', ...options], { wallMs })).toEqual({
    code: 0,
    stderr: '',
    stdout: `WORKFLOW   VERSION   ACTIVE   STATE       OPEN RUNS   WORKERS   STORED
order      3         yes      AVAILABLE   2           1         3 m ago
`,
  });
  const list = await runInProcess(['definition', 'list', '--active', '--json', ...options]);
  expect(JSON.parse(list.stdout)).toMatchObject({
    definitions: [{ active: true, definition: { workflow: 'order', content: 'function', function: {} } }],
  });
  const { stdout } = await runInProcess(['definition', 'get', 'order', ...options], { wallMs });
  expect(stdout).toMatch(/^Workflow +order\nVersion +3 \(active\)\nState +AVAILABLE\nHash +abc\n/);
  expect(stdout).toContain('Content\n  {\n    "workflow": "order",\n');
});
