import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlService } from '#gen/millrace/state/v1/control_service_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { SignalService } from '#gen/millrace/state/v1/signal_service_pb.ts';
import { openOrderWorker } from './order-worker.ts';
import { type ServedState, serveState } from './served-state.ts';

let served: ServedState;

beforeAll(async () => {
  served = await serveState();
}, 60_000);

afterAll(async () => {
  await served?.[Symbol.asyncDispose]();
});

const TIMEOUT = { timeout: 90_000 };

test('runs are listed by what the options say', TIMEOUT, async () => {
  const { millrace } = served;
  for (const id of ['list-1', 'list-2', 'list-3']) {
    const more = id === 'list-2' ? ['--tags', 'gpu', '--attributes', '{"customer":"acme"}'] : [];
    await millrace.run(['run', 'start', 'order', '--id', id, ...more]);
  }
  await millrace.run(['run', 'cancel', 'list-3']);
  const idsOf = async (...options: string[]): Promise<unknown> => {
    const { lines } = await millrace.json(['run', 'list', '--prefix', 'list-', ...options]);
    const [{ runs } = {}] = lines as readonly { readonly runs?: readonly { readonly runId: string }[] }[];
    return runs?.map(({ runId }) => runId);
  };
  await expect.poll(() => idsOf(), { timeout: 20_000 }).toEqual(['list-3', 'list-2', 'list-1']);
  await expect.poll(() => idsOf('--status', 'cancelled'), { timeout: 20_000 }).toEqual(['list-3']);
  expect(await idsOf('--tags', 'gpu')).toEqual(['list-2']);
  expect(await idsOf('--attributes', '{"customer":"acme"}')).toEqual(['list-2']);
  expect(await idsOf('--workflow', 'other')).toEqual([]);
  expect(await idsOf('--created-after', '1h')).toHaveLength(3);
  const limited = await millrace.run(['run', 'list', '--prefix', 'list-', '--limit', '2']);
  expect(limited.stderr).toBe('there are more: --limit N or --all shows them\n');
  expect(limited.stdout).toMatch(
    /^RUN +WORKFLOW +VERSION +STATUS +CREATED +TOOK\nlist-3 +order +1 +CANCELLED .*\nlist-2 .*\n$/,
  );
});

test('an explanation says which worker is missing, and what a paused run needs', TIMEOUT, async () => {
  const { millrace } = served;
  await millrace.run(['run', 'start', 'order', '--id', 'stuck-1', '--tags', 'gpu']);
  const stuck = await millrace.run(['run', 'explain', 'stuck-1']);
  expect(stuck).toMatchObject({ code: 0, stderr: '' });
  const [summary, ...blockers] = stuck.stdout.trimEnd().split('\n');
  expect(summary).not.toBe('');
  expect(blockers.join('\n')).toMatch(/^- .*no worker takes it from queue default/);
  expect(blockers.join('\n')).toContain('start a worker that announces order 1');
  await millrace.run(['run', 'pause', 'stuck-1']);
  expect((await millrace.run(['run', 'explain', 'stuck-1'])).stdout).toContain('    millrace run resume stuck-1\n');
  const { lines } = await millrace.json(['run', 'explain', 'stuck-1']);
  expect(lines).toMatchObject([
    {
      summary: expect.any(String),
      run: { runId: 'stuck-1', status: 'PAUSED' },
      blockers: expect.arrayContaining([expect.objectContaining({ kind: 'paused' })]),
      blockersTruncated: false,
    },
  ]);
});

test('a history is the events in order, as lines or as JSON', TIMEOUT, async () => {
  const { millrace, address } = served;
  await using _worker = await openOrderWorker(address, 'w1');
  const input = '{"do":"complete","steps":3,"output":"ok"}';
  await millrace.run(['run', 'start', 'order', '--id', 'history-1', '--input', input, '--wait']);
  const { code, stdout, stderr } = await millrace.run(['run', 'history', 'history-1']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^ {5}1 {2}\S+ {2}RunStarted +order 1: \{"do":"complete"/);
  expect(lines.filter((line) => line.includes('StepRecorded'))).toHaveLength(3);
  expect(lines.at(-1)).toMatch(/RunEnded +COMPLETED: "ok"$/);
  const json = await millrace.json(['run', 'history', 'history-1']);
  const events = json.lines.map(({ event }) => event as { sequence: number; kind: string });
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  expect(events.at(-1)).toMatchObject({ kind: 'runEnded', runEnded: { status: 'COMPLETED', output: { value: 'ok' } } });
  const later = await millrace.json(['run', 'history', 'history-1', '--since', '2']);
  expect(later.lines).toHaveLength(events.length - 1);
  const followed = await millrace.json(['run', 'history', 'history-1', '--follow']);
  expect(followed.lines).toHaveLength(events.length + 1);
  expect(followed.lines.at(-1)).toMatchObject({ run: { runId: 'history-1', status: 'COMPLETED' } });
});

test('the history of a run that its client drives shows what the server did to it on request', TIMEOUT, async () => {
  const { millrace, address } = served;
  const transport = createGrpcTransport({ baseUrl: `http://${address}` });
  const runs = createClient(RunService, transport);
  const run = { runId: 'client-1' };
  const firstTask = { taskId: 'first' };
  await runs.startRun({ ...run, workflow: 'order', driver: Driver.CLIENT, firstTask });
  await createClient(EventLogService, transport).appendEvents({
    ...run,
    events: [{ type: 'did', data: json('{"n":1}') }],
  });
  await runs.patchRunState({ ...run, patch: json('{"a":1}') });
  await runs.appendRunState({ ...run, key: 'log', value: json('1') });
  await millrace.run(['run', 'signal', 'client-1', 'go', '--payload', '7']);
  await createClient(SignalService, transport).consumeSignal({ ...run, name: 'go' });
  await millrace.run(['run', 'pause', 'client-1', '--reason', 'audit']);
  await createClient(ControlService, transport).checkControls(run);
  const shown = await millrace.run(['run', 'history', 'client-1']);
  expect(shown.stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(shown.stdout).toMatch(/ClientEvent +did: \{"n":1\}/);
  const { code, stdout } = await millrace.run(['run', 'history', 'client-1', '--system']);
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  for (const [at, text] of [
    /SystemRecord +started: order 1/,
    /position set/,
    /offered: first, attempt 1/,
    /ClientEvent +did/,
    /state changed: version 1/,
    /state changed: version 2, log/,
    /signal received: go, 7/,
    /signal consumed: go/,
    /control requested: PAUSE.*audit/,
    /status changed: PENDING to PAUSED, audit/,
    /control cleared: PAUSE/,
  ].entries()) {
    expect(lines[at]).toMatch(text);
  }
  expect(lines).toHaveLength(11);
});

function json(value: string): { readonly value: { readonly case: 'json'; readonly value: string } } {
  return { value: { case: 'json', value } };
}

test('a watch shows events as they happen, and ends with the run', TIMEOUT, async () => {
  const { millrace, address } = served;
  await using _worker = await openOrderWorker(address, 'w1');
  await millrace.run(['run', 'start', 'order', '--id', 'watched-1', '--input', '{"do":"park"}']);
  await using watching = millrace.start(['run', 'watch', 'watched-1']);
  await watching.shows('SignalWaitStarted');
  await millrace.run(['run', 'signal', 'watched-1', 'approved', '--payload', '{"by":"ada"}']);
  const { code, stdout, stderr } = await watching.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toContain('RunStarted');
  expect(stdout).toMatch(/SignalConsumed +approved: \{"by":"ada"\}/);
  expect(lines.at(-1)).toMatch(/^watched-1 COMPLETED after /);
});

test('Ctrl-C ends a watch with 130, and the run goes on', TIMEOUT, async () => {
  const { millrace } = served;
  await millrace.run(['run', 'start', 'order', '--id', 'watched-2', '--tags', 'nobody']);
  await using watching = millrace.start(['run', 'history', 'watched-2', '--follow']);
  await watching.shows('RunStarted');
  watching.signal('SIGINT');
  expect(await watching.ended).toMatchObject({ code: 130, stderr: 'millrace: interrupted\n' });
  expect(await millrace.json(['run', 'get', 'watched-2'])).toMatchObject({ code: 0 });
});

test('a watch and a wait survive a restart of the service, without a gap', TIMEOUT, async () => {
  const { millrace } = served;
  await millrace.run(['run', 'start', 'order', '--id', 'watched-3', '--tags', 'nobody']);
  await using watching = millrace.start(['run', 'watch', 'watched-3', '--json']);
  await using waiting = millrace.start(['run', 'wait', 'watched-3', '--json']);
  await watching.shows('runStarted');
  // The wait shows nothing until its end, and must have been answered once.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  await served.restart();
  await millrace.run(['run', 'pause', 'watched-3']);
  await millrace.run(['run', 'terminate', 'watched-3']);
  const { code, stdout } = await watching.ended;
  expect(code).toBe(0);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const events = lines.slice(0, -1).map(({ event }) => event);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  expect(events.at(-1)).toMatchObject({ kind: 'runEnded', runEnded: { status: 'TERMINATED' } });
  expect(lines.at(-1)).toMatchObject({ run: { status: 'TERMINATED' } });
  expect(await waiting.ended).toMatchObject({ code: 5 });
});
