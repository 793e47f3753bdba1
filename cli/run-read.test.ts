import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { AttributeOperator } from '#gen/millrace/state/v1/run_filter_pb.ts';
import { RunView } from '#gen/millrace/state/v1/run_pb.ts';
import {
  ExplainRunResponseSchema,
  type GetRunRequest,
  GetRunResponseSchema,
  type ListRunsRequest,
  ListRunsResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { CREATED_MS, INCARNATION, notFound, runOf } from './testing/messages.ts';
import { runInProcess } from './testing/run-in-process.ts';
import { serveScript } from './testing/scripted-state.ts';

test('a run is shown with everything', async () => {
  const requests: GetRunRequest[] = [];
  const output = { value: { case: 'json', value: '{"id":12345678901234567890}' } } as const;
  await using state = await serveScript({
    runs: {
      getRun(request) {
        requests.push(request);
        return create(GetRunResponseSchema, { run: runOf({ status: RunStatus.COMPLETED, output }) });
      },
    },
  });
  const args = ['run', 'get', 'order-42', '--incarnation', INCARNATION, '--address', state.address];
  const text = await runInProcess(args, { wallMs: CREATED_MS + 180_000 });
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toMatch(/^Run +order-42\nStatus +COMPLETED\nWorkflow +order 3\n/);
  expect(text.stdout).toContain('(3 m ago)\n');
  expect(text.stdout).toContain('Output\n  {\n    "id": 12345678901234567890\n  }\n');
  const json = await runInProcess([...args, '--json', '--tenant', 'acme']);
  expect(json.stdout).toContain('"output":{"contentType":"application/json","value":{"id":12345678901234567890}}');
  expect(requests).toMatchObject([
    { tenantId: '', runId: 'order-42', incarnation: INCARNATION, view: RunView.FULL },
    { tenantId: 'acme', runId: 'order-42' },
  ]);
});

test('a run that is not there is exit code 1 with the reason', async () => {
  await using state = await serveScript({
    runs: {
      getRun({ runId }) {
        throw notFound(runId);
      },
    },
  });
  const args = ['run', 'get', 'x', '--address', state.address];
  expect(await runInProcess(args)).toEqual({
    code: 1,
    stdout: '',
    stderr: 'millrace: RUN_NOT_FOUND: there is no run x\n',
  });
  const { code, stderr } = await runInProcess([...args, '-o', 'json']);
  expect(code).toBe(1);
  expect(JSON.parse(stderr)).toEqual({ error: { reason: 'RUN_NOT_FOUND', message: 'there is no run x' } });
});

test('what somebody wrote into a name does not reach the terminal as a command', async () => {
  await using state = await serveScript({
    runs: {
      getRun: () => create(GetRunResponseSchema, { run: runOf({ workflow: 'a\u001b[2Jb', endReason: 'x\u0007' }) }),
    },
  });
  const { stdout } = await runInProcess(['run', 'get', 'order-42', '--address', state.address]);
  expect(stdout).toContain('a\\u001b[2Jb');
  expect(stdout).toContain('x\\u0007');
});

/** Serves so many runs, at most `pageSize` of them in a page, and keeps the requests. */
async function serveRuns(count: number, pageSize: number) {
  const requests: ListRunsRequest[] = [];
  const state = await serveScript({
    runs: {
      listRuns(request) {
        requests.push(request);
        const from = request.start.case === 'pageToken' ? Number(request.start.value) : 0;
        const to = Math.min(count, from + Math.min(pageSize, request.pageSize));
        const runs = Array.from({ length: to - from }, (_, index) => runOf({ runId: `r${from + index}` }));
        return create(ListRunsResponseSchema, { runs, nextPageToken: to < count ? String(to) : '' });
      },
    },
  });
  return { ...state, requests, [Symbol.asyncDispose]: () => state[Symbol.asyncDispose]() };
}

test('a list is a table of at most twenty, and says when there are more', async () => {
  await using state = await serveRuns(30, 12);
  const { code, stdout, stderr } = await runInProcess(['run', 'list', '--address', state.address], {
    wallMs: CREATED_MS + 7_200_000,
  });
  expect(code).toBe(0);
  expect(stderr).toBe('there are more: --limit N or --all shows them\n');
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(21);
  expect(lines.slice(0, 2)).toEqual([
    'RUN   WORKFLOW   VERSION   STATUS    CREATED   TOOK',
    'r0    order      3         RUNNING   2 h ago   -',
  ]);
  expect(state.requests.map(({ pageSize }) => pageSize)).toEqual([20, 8]);
});

test('all pages are read when all are asked for', async () => {
  await using state = await serveRuns(2_500, 1_000);
  const { stdout, stderr } = await runInProcess(['run', 'list', '--all', '--json', '--address', state.address]);
  expect(stderr).toBe('');
  const { runs, more } = JSON.parse(stdout);
  expect(more).toBe(false);
  expect(runs).toHaveLength(2_500);
  expect(runs[2_499]).toMatchObject({ runId: 'r2499', status: 'RUNNING' });
  expect(state.requests).toHaveLength(3);
});

test('a list without runs is empty on standard output', async () => {
  await using state = await serveRuns(0, 10);
  const args = ['run', 'list', '--address', state.address];
  expect(await runInProcess(args)).toEqual({ code: 0, stdout: '', stderr: 'no runs\n' });
  expect(await runInProcess([...args, '--json'])).toEqual({
    code: 0,
    stdout: '{"runs":[],"more":false}\n',
    stderr: '',
  });
});

test('a list is filtered by what the options say', async () => {
  await using state = await serveRuns(0, 10);
  const args = ['run', 'list', '--address', state.address, '--status', 'running,PAUSED', '--workflow', 'order'];
  const more = ['--prefix', 'o', '--parent', 'p', '--tags', 'a,b', '--driver', 'client', '--replaced'];
  const times = ['--created-after', '1h', '--created-before', '2026-03-01T00:00:00Z', '--attributes', '{"c":"acme"}'];
  const wallMs = CREATED_MS;
  expect(await runInProcess([...args, ...more, ...times], { wallMs })).toMatchObject({ code: 0 });
  expect(state.requests[0]?.filter).toMatchObject({
    statuses: [RunStatus.RUNNING, RunStatus.PAUSED],
    workflow: 'order',
    runIdPrefix: 'o',
    parentRunId: 'p',
    tags: ['a', 'b'],
    driver: 2,
    includeReplaced: true,
    minStartTime: { seconds: BigInt(wallMs / 1_000 - 3_600) },
    maxStartTime: { seconds: BigInt(Date.UTC(2026, 2, 1) / 1_000) },
    attributes: [
      { name: 'c', operator: AttributeOperator.EQUAL, value: { kind: { case: 'keywordValue', value: 'acme' } } },
    ],
  });
});

test('an explanation begins with its sentence, and each blocker is a line with what can be done', async () => {
  await using state = await serveScript({
    runs: {
      explainRun: () =>
        create(ExplainRunResponseSchema, {
          run: runOf(),
          summary: 'order-42 waits for signal paid',
          blockersTruncated: true,
          blockers: [{ nodePath: 'approve', kind: { case: 'signal', value: { name: 'paid' } } }],
        }),
    },
  });
  const args = ['run', 'explain', 'order-42', '--address', state.address];
  expect(await runInProcess(args)).toEqual({
    code: 0,
    stderr: '',
    stdout: `order-42 waits for signal paid
- approve: waits for signal paid
    millrace run signal order-42 paid
- and more than these
`,
  });
  const { stdout } = await runInProcess([...args, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    summary: 'order-42 waits for signal paid',
    run: { runId: 'order-42' },
    blockers: [{ nodePath: 'approve', kind: 'signal', signal: { name: 'paid' } }],
    blockersTruncated: true,
  });
});
