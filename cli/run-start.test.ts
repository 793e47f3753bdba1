import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { UploadPayloadResponseSchema } from '#gen/millrace/state/v1/payload_service_pb.ts';
import {
  ConflictPolicy,
  StartOutcome,
  type StartRunRequest,
  StartRunResponseSchema,
  WaitRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { endedRun, INCARNATION, runOf } from './testing/messages.ts';
import { runInProcess } from './testing/run-in-process.ts';
import { type Script, serveScript } from './testing/scripted-state.ts';

/** Keeps the requests of starts, and ends runs at once. */
function scriptOf(outcome: StartOutcome = StartOutcome.STARTED): { script: Script; requests: StartRunRequest[] } {
  const requests: StartRunRequest[] = [];
  const output = { value: { case: 'json', value: '{"paid":true}' } } as const;
  const script: Script = {
    runs: {
      startRun(request) {
        requests.push(request);
        return create(StartRunResponseSchema, { outcome, run: runOf({ runId: request.runId || 'made-up' }) });
      },
      waitRun: ({ runId }) =>
        create(WaitRunResponseSchema, { ended: true, run: endedRun(RunStatus.COMPLETED, { runId, output }) }),
    },
  };
  return { script, requests };
}

test('a start says what is to run and answers the run', async () => {
  const { script, requests } = scriptOf();
  await using state = await serveScript(script);
  const args = ['run', 'start', 'order', '--id', 'order-42', '--input', '{"a":1.0}', '--address', state.address];
  const options = ['--tags', 'a,b', '--priority', '1', '--run-timeout', '90s', '--conflict', 'use-existing'];
  expect(await runInProcess([...args, ...options])).toEqual({
    code: 0,
    stdout: `started order-42 (incarnation ${INCARNATION})\n`,
    stderr: '',
  });
  expect(requests).toMatchObject([
    {
      workflow: 'order',
      runId: 'order-42',
      input: { value: { case: 'json', value: '{"a":1.0}' } },
      tags: ['a', 'b'],
      priority: 1,
      runTimeout: { seconds: 90n },
      conflictPolicy: ConflictPolicy.USE_EXISTING,
    },
  ]);
});

test('with --json the answer is one line', async () => {
  const { script } = scriptOf(StartOutcome.EXISTING);
  await using state = await serveScript(script);
  const { stdout } = await runInProcess(['run', 'start', 'order', '-o', 'json'], {
    env: { MILLRACE_ADDRESS: state.address },
  });
  expect(stdout.split('\n')).toHaveLength(2);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'EXISTING', run: { runId: 'made-up', status: 'RUNNING' } });
});

test('with --wait the end and its output are printed, and the start on standard error', async () => {
  const { script } = scriptOf();
  await using state = await serveScript(script);
  const args = ['run', 'start', 'order', '--wait', '--address', state.address];
  expect(await runInProcess(args)).toEqual({
    code: 0,
    stdout: 'made-up COMPLETED after 2 s\n{\n  "paid": true\n}\n',
    stderr: `started made-up (incarnation ${INCARNATION})\n`,
  });
  const { stdout, stderr } = await runInProcess([...args, '--json']);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({
    outcome: 'STARTED',
    ended: true,
    run: { status: 'COMPLETED', output: { contentType: 'application/json', value: { paid: true } } },
  });
});

test('the input comes from a file or from standard input', async () => {
  const { script, requests } = scriptOf();
  await using state = await serveScript(script);
  const file = join(tmpdir(), `millrace-input-${process.pid}.bin`);
  await writeFile(file, Buffer.from([0, 255]));
  const args = ['run', 'start', 'order', '--address', state.address, '--input-file'];
  expect(await runInProcess([...args, '-'], { input: '[1]' })).toMatchObject({ code: 0, stderr: '' });
  expect(await runInProcess([...args, file, '--content-type', 'image/png'])).toMatchObject({ code: 0, stderr: '' });
  expect(requests).toMatchObject([
    { input: { contentType: '', value: { case: 'json', value: '[1]' } } },
    { input: { contentType: 'image/png', value: { case: 'data', value: Buffer.from([0, 255]) } } },
  ]);
  const refused = await runInProcess([...args, file]);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain(`the file ${file} is not JSON`);
  const missing = await runInProcess([...args, `${file}.not`]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain(`the file ${file}.not cannot be read: ENOENT`);
});

test('an input above 1 MiB is uploaded first, and named', async () => {
  const { script, requests } = scriptOf();
  const uploaded: { runId: string; size: bigint | undefined; bytes: number }[] = [];
  const sha256 = Buffer.alloc(32, 7);
  await using state = await serveScript({
    ...script,
    payloads: {
      async uploadPayload(messages) {
        for await (const { runId, size, chunk } of messages) {
          uploaded.push({ runId, size, bytes: chunk.length });
        }
        return create(UploadPayloadResponseSchema, { ref: { sha256, size: 7n, uploadId: 'u1' } });
      },
    },
  });
  const input = JSON.stringify('x'.repeat(2_500_000));
  const args = ['run', 'start', 'order', '--id', 'r1', '--address', state.address, '--input-file', '-'];
  expect(await runInProcess(args, { input })).toMatchObject({ code: 0, stderr: '' });
  expect(uploaded).toEqual([
    { runId: 'r1', size: 2_500_002n, bytes: 1_048_576 },
    { runId: '', size: undefined, bytes: 1_048_576 },
    { runId: '', size: undefined, bytes: 402_850 },
  ]);
  expect(requests).toMatchObject([
    { input: { contentType: 'application/json', value: { case: 'ref', value: { sha256, uploadId: 'u1' } } } },
  ]);
});

test('a refusal is one line with its reason, and exit code 1', async () => {
  const refuse = (): never => {
    throw new DomainError('RUN_EXISTS', 'the run id order-42 is in use', { metadata: { status: 'RUNNING' } });
  };
  await using state = await serveScript({ runs: { startRun: refuse } });
  const args = ['run', 'start', 'order', '--id', 'order-42', '--address', state.address];
  expect(await runInProcess(args)).toEqual({
    code: 1,
    stdout: '',
    stderr: 'millrace: RUN_EXISTS: the run id order-42 is in use\n',
  });
  const { stderr } = await runInProcess([...args, '--json']);
  expect(JSON.parse(stderr)).toEqual({
    error: { reason: 'RUN_EXISTS', message: 'the run id order-42 is in use', metadata: { status: 'RUNNING' } },
  });
});

test('what is not there yet says so', async () => {
  await using state = await serveScript({});
  const { code, stderr } = await runInProcess(['run', 'start', 'order', '--address', state.address]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^millrace: NOT_BUILT: [^\n]+\n$/);
});

test('a service that nobody runs is one line that names the address', async () => {
  const { code, stderr } = await runInProcess(['run', 'start', 'order', '--address', '127.0.0.1:1']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^millrace: UNAVAILABLE: [^\n]+127\.0\.0\.1:1[^\n]*\n$/);
});

test.each([
  [['--input', '1', '--input-file', 'x'], '--input, --input-file: only one of them'],
  [['--input', '{a}'], '--input: is not JSON'],
  [['--content-type', 'a/b'], '--content-type: only with --input-file'],
  [['--timeout', '5s'], '--timeout: only with --wait'],
  [['--allow-new-definition'], '--allow-new-definition: only with --conflict terminate-existing'],
  [['--conflict', 'ignore'], '--conflict: must be one of fail, use-existing, terminate-existing'],
  [['--run-timeout', '5'], '--run-timeout: must be a duration with its unit'],
])('%j is not understood', async (options, message) => {
  const { code, stdout, stderr } = await runInProcess(['run', 'start', 'order', ...options]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toContain('see millrace run start --help');
});
