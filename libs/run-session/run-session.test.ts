import { describe, expect, test } from 'vitest';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import { RunAction } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createRunSession, type RunSession } from './run-session.ts';
import type { RunSessionOptions } from './session-options.ts';
import { type CutPoint, startTestSessions, type TestSessions } from './testing/test-sessions.ts';

function sessionOf({ channel }: TestSessions, options: Partial<RunSessionOptions> = {}): RunSession {
  const limits = { retryMinMs: 2, retryMaxMs: 10, ...options.limits };
  return createRunSession({ channel, ...options, limits });
}

function startOf(runId: string): { readonly runId: string; readonly workflow: string } {
  return { runId, workflow: 'flow' };
}

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 3_000;
  while (!isSo()) {
    if (Date.now() > end) throw new RangeError(`not so in time: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test('runs are started and awaited, and what is asked in one turn leaves in one message', async () => {
  await using server = await startTestSessions();
  await using session = sessionOf(server);
  const runs = Array.from({ length: 100 }, (_, index) =>
    session.start(startOf(`r${index}`), { wait: true, brief: true }),
  );
  const ends = await Promise.all(runs.map(({ ended }) => ended));
  const starts = await Promise.all(runs.map(({ started }) => started));
  expect(ends.every(({ status }) => status === RunStatus.COMPLETED)).toBe(true);
  expect(starts.map(({ runId }) => runId)).toEqual(ends.map(({ runId }) => runId));
  expect(server.requests.map(({ start }) => start.length)).toEqual([100]);
  expect(session.outstanding).toBe(0);
});

test('a message has at most 1 024 entries', async () => {
  await using server = await startTestSessions();
  await using session = sessionOf(server);
  const runs = Array.from({ length: 2_500 }, (_, index) => session.start(startOf(`r${index}`)));
  await Promise.all(runs.map(({ started }) => started));
  expect(server.requests.map(({ start }) => start.length)).toEqual([1_024, 1_024, 452]);
});

test('signals and controls are accepted, and waits for runs that others started are answered', async () => {
  await using server = await startTestSessions();
  server.endsRuns = false;
  await using session = sessionOf(server);
  await session.start(startOf('r1')).started;
  const ended = session.wait('r1');
  expect(await session.signal({ runId: 'r1', name: 'go' })).toMatchObject({ duplicate: false });
  expect(await session.control({ runId: 'r1', action: RunAction.PAUSE })).toMatchObject({ status: RunStatus.PAUSED });
  server.end('r1');
  expect(await ended).toMatchObject({ runId: 'r1' });
  expect(server.signals).toEqual(['go']);
});

test('a refusal is an error with the reason of the server, and harms nobody who does not ask for it', async () => {
  await using server = await startTestSessions();
  server.refuse = () => ErrorReason.RUN_EXISTS;
  await using session = sessionOf(server);
  const run = session.start(startOf('r1'), { wait: true });
  session.start(startOf('nobody asks'));
  await expect(run.started).rejects.toMatchObject({ reason: 'RUN_EXISTS', kind: 'exists' });
  await expect(run.ended).rejects.toMatchObject({ reason: 'RUN_EXISTS' });
  await expect(session.signal({ runId: 'r1', name: 'go' })).rejects.toBeInstanceOf(DomainError);
});

test('what breaks a rule is refused before it leaves', async () => {
  await using server = await startTestSessions();
  await using session = sessionOf(server);
  await expect(session.start({ runId: 'r1', workflow: '' }).started).rejects.toMatchObject({
    reason: 'INVALID_FIELDS',
  });
  await expect(session.wait('')).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
  await expect(session.signal({ runId: 'r1', name: '' })).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
  await expect(session.control({ runId: 'r1' })).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
  await expect(session.start(startOf('r1')).ended).rejects.toThrow('wait must be set');
  expect(session.outstanding).toBe(1);
});

test('an entry that is refused for now is sent again, and given up after so many times', async () => {
  await using server = await startTestSessions();
  const refusals = new Map<string, number>();
  server.refuse = (runId) => {
    const count = (refusals.get(runId) ?? 0) + 1;
    refusals.set(runId, count);
    return runId === 'never' || count <= 3 ? ErrorReason.UNAVAILABLE : undefined;
  };
  await using session = sessionOf(server, { limits: { maxAttempts: 5 } });
  const [good, bad] = [session.start(startOf('later')), session.start(startOf('never'))];
  expect(await good.started).toMatchObject({ runId: 'later' });
  await expect(bad.started).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect(refusals.get('never')).toBe(5);
  expect(server.runs).toHaveLength(1);
});

test('a wait that was kept for a while is handed over as often as its run takes, and one that never is, is given up', async () => {
  await using server = await startTestSessions();
  server.endsRuns = false;
  await using session = sessionOf(server, { limits: { maxAttempts: 3 } });
  await session.start(startOf('long')).started;
  const [ended, startedHere] = [session.wait('long'), session.start(startOf('other'), { wait: true })];
  await startedHere.started;
  for (let times = 0; times < 8; times += 1) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    server.handOver();
  }
  await new Promise((resolve) => setTimeout(resolve, 30));
  server.end('long');
  server.end('other');
  expect(await ended).toMatchObject({ runId: 'long' });
  expect(await startedHere.ended).toMatchObject({ runId: 'other' });
  server.refuse = () => ErrorReason.UNAVAILABLE;
  await expect(session.wait('long')).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
});

describe.each<CutPoint>(['before', 'between', 'after'])(
  'a stream that is cut %s the handling of a message',
  (point) => {
    test.each([1, 2, 3, 4, 5])('the %i. one, loses no entry and does none twice', async (message) => {
      await using server = await startTestSessions();
      server.cutAt(message, point);
      await using session = sessionOf(server);
      const ends: Promise<unknown>[] = [];
      for (let turn = 0; turn < 5; turn += 1) {
        ends.push(session.start(startOf(`a${turn}`), { wait: true }).ended, session.start(startOf(`b${turn}`)).started);
        ends.push(session.signal({ runId: `a${turn}`, name: `s${turn}` }));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await Promise.all(ends);
      expect(server.runs.map(({ runId }) => runId).sort()).toEqual(
        ['a', 'b'].flatMap((letter) => [0, 1, 2, 3, 4].map((turn) => `${letter}${turn}`)),
      );
      expect(server.signals.toSorted()).toEqual(['s0', 's1', 's2', 's3', 's4']);
      expect(session.outstanding).toBe(0);
    });
  },
);

test('a run that has started is only waited for over the next stream', async () => {
  await using server = await startTestSessions();
  server.endsRuns = false;
  await using session = sessionOf(server);
  const run = session.start(startOf('r1'), { wait: true });
  const { incarnation } = await run.started;
  server.cut();
  await until(() => server.requests.length === 2);
  expect(server.requests[1]).toMatchObject({ start: [], wait: [{ runId: 'r1', incarnation }] });
  server.end('r1');
  expect(await run.ended).toMatchObject({ runId: 'r1' });
});

test('after the server says to go away, what has no answer goes on over another stream', async () => {
  await using server = await startTestSessions();
  server.endsRuns = false;
  await using session = sessionOf(server);
  const runs = Array.from({ length: 20 }, (_, index) => session.start(startOf(`r${index}`), { wait: true }));
  await Promise.all(runs.map(({ started }) => started));
  server.sendAway();
  await until(() => server.streams === 2 && server.openStreams === 1);
  for (let index = 0; index < 20; index += 1) server.end(`r${index}`);
  await Promise.all(runs.map(({ ended }) => ended));
  expect(server.runs).toHaveLength(20);
});

test('a session without entries opens no stream, also after one has broken', async () => {
  await using server = await startTestSessions();
  await using session = sessionOf(server);
  await session.start(startOf('r1')).started;
  server.cut();
  await until(() => server.openStreams === 0);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(server.streams).toBe(1);
  await session.start(startOf('r2')).started;
  expect(server.streams).toBe(2);
});

test('a caller who does not want an answer any more is told so, and so is the server', async () => {
  await using server = await startTestSessions();
  server.endsRuns = false;
  await using session = sessionOf(server);
  const controller = new AbortController();
  const run = session.start(startOf('r1'), { wait: true, signal: controller.signal });
  await run.started;
  controller.abort();
  await expect(run.ended).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  await until(() => server.requests.some(({ forget }) => forget.length === 1));
  await expect(session.wait('r1', '', controller.signal)).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  expect(session.outstanding).toBe(0);
});

test('entries have a limit that is named, and a promise of room', async () => {
  await using server = await startTestSessions();
  server.endsRuns = false;
  await using session = sessionOf(server, { limits: { maxOutstanding: 2 } });
  const first = session.start(startOf('r1'), { wait: true });
  session.start(startOf('r2'), { wait: true });
  await expect(session.start(startOf('r3')).started).rejects.toMatchObject({
    reason: 'OVERLOADED',
    metadata: { limit: 'outstanding', maximum: '2' },
  });
  const room = session.room();
  expect(room).toBeInstanceOf(Promise);
  await first.started;
  server.end('r1');
  await room;
  expect(session.room()).toBeUndefined();
});

test('a server that wants no session of this caller fails what waits, and one that is away is given up in time', async () => {
  await using server = await startTestSessions();
  server.refuseStreams = new DomainError('ROLE_DENIED', 'not you');
  await using session = sessionOf(server, { limits: { giveUpMs: 40 } });
  await expect(session.start(startOf('r1')).started).rejects.toMatchObject({ reason: 'ROLE_DENIED' });
  server.refuseStreams = new DomainError('UNAVAILABLE', 'away');
  await expect(session.start(startOf('r2')).started).rejects.toMatchObject({ reason: 'UNAVAILABLE', message: 'away' });
});

test('a session that is closed tells whoever waits, and takes nothing more', async () => {
  await using server = await startTestSessions();
  server.endsRuns = false;
  const session = sessionOf(server);
  const run = session.start(startOf('r1'), { wait: true });
  await run.started;
  session.close();
  await expect(run.ended).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  await expect(session.start(startOf('r2')).started).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  expect(() => createRunSession({ channel: server.channel, limits: { maxAttempts: 0 } })).toThrow('limits.maxAttempts');
});
