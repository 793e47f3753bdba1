import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  type ListEventsRequest,
  ListEventsResponseSchema,
  type WatchEventsRequest,
  type WatchEventsResponse,
  WatchEventsResponseSchema,
} from '#gen/millrace/state/v1/event_log_service_pb.ts';
import { GetRunResponseSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { endedRun, eventOf, INCARNATION, notFound, runOf } from './testing/messages.ts';
import { runInProcess, startInProcess } from './testing/run-in-process.ts';
import { serveScript } from './testing/scripted-state.ts';

const eventsOf = (...sequences: number[]): WatchEventsResponse =>
  create(WatchEventsResponseSchema, { incarnation: INCARNATION, events: sequences.map(eventOf) });

/** What a stream does: it sends something, or throws. */
type Scene = readonly (WatchEventsResponse | DomainError)[];

/** Serves streams one after the other, and a run that has ended once they are all played. */
async function serveScenes(scenes: readonly Scene[], lastSequence: number) {
  const requests: WatchEventsRequest[] = [];
  const state = await serveScript({
    events: {
      async watchEvents(request, _context, out) {
        requests.push(request);
        for (const one of scenes[requests.length - 1] ?? []) {
          if (one instanceof DomainError) {
            throw one;
          }
          await out.send(one);
        }
      },
    },
    runs: {
      getRun: () =>
        create(GetRunResponseSchema, {
          run:
            requests.length < scenes.length
              ? runOf()
              : endedRun(RunStatus.FAILED, {
                  lastSequence: BigInt(lastSequence),
                  failure: { type: 'E', message: 'no' },
                }),
        }),
    },
  });
  return { ...state, requests, [Symbol.asyncDispose]: () => state[Symbol.asyncDispose]() };
}

/** The numbers and nodes in the lines of events. */
const shownIn = (stdout: string): string[] =>
  [...stdout.matchAll(/^ +(\d+) .*node-\d+$/gm)].map(([line]) => line.trim().split(' ', 1)[0] ?? '');

test('each event is a line, and the last line says how the run ended', async () => {
  await using state = await serveScenes([[eventsOf(1, 2), eventsOf(3)]], 3);
  const { code, stdout, stderr } = await runInProcess(['run', 'watch', 'order-42', '--address', state.address]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^ {5}1 {2}\d{4}-\d\d-\d\dT\S+ {2}TimerFired {9}node-1$/);
  expect(lines[3]).toBe('order-42 FAILED after 2 s: E: no');
});

test('with --json each event is an object on its own line, and so is the run at the end', async () => {
  await using state = await serveScenes([[eventsOf(1)]], 1);
  const { stdout } = await runInProcess(['run', 'watch', 'order-42', '--address', state.address, '--json']);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { event: { sequence: 1, kind: 'timerFired', timerFired: { nodePath: 'node-1' } } },
    { run: { runId: 'order-42', status: 'FAILED', failure: { type: 'E' } } },
  ]);
});

test('a stream that breaks, goes away or ends early is followed by one that goes on after the last event', async () => {
  const goAway = create(WatchEventsResponseSchema, { incarnation: INCARNATION, goAway: { reason: 'age' } });
  await using state = await serveScenes(
    [
      [eventsOf(3, 4), goAway],
      [eventsOf(5), new DomainError('UNAVAILABLE', 'the node stops')],
      [eventsOf(6)],
      [eventsOf(7)],
    ],
    7,
  );
  const args = ['run', 'watch', 'order-42', '--since', '3', '--system', '--address', state.address];
  const { code, stdout } = await runInProcess(args);
  expect(code).toBe(0);
  expect(shownIn(stdout)).toEqual(['3', '4', '5', '6', '7']);
  expect(state.requests.map(({ afterSequence, incarnation }) => [afterSequence, incarnation])).toEqual([
    [2n, ''],
    [4n, INCARNATION],
    [5n, INCARNATION],
    [6n, INCARNATION],
  ]);
  expect(state.requests.every(({ includeSystem }) => includeSystem)).toBe(true);
});

test('a run that is not there ends the watch with its reason', async () => {
  await using state = await serveScenes([[notFound('x')]], 0);
  expect(await runInProcess(['run', 'watch', 'x', '--address', state.address])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'millrace: RUN_NOT_FOUND: there is no run x\n',
  });
});

test.each([[['run', 'watch', 'order-42']], [['run', 'history', 'order-42', '--follow']]])(
  'Ctrl-C ends %j with 130',
  async (args) => {
    await using state = await serveScript({
      events: {
        async watchEvents(_request, { signal }, out) {
          await out.send(eventsOf(1));
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        },
      },
    });
    const running = startInProcess([...args, '--address', state.address]);
    await running.shows('node-1');
    running.signal('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130, stderr: 'millrace: interrupted\n' });
  },
);

test('a history is read page by page', async () => {
  const requests: ListEventsRequest[] = [];
  await using state = await serveScript({
    events: {
      listEvents(request) {
        requests.push(request);
        return request.pageToken === ''
          ? create(ListEventsResponseSchema, { events: [eventOf(5), eventOf(6)], nextPageToken: 'next' })
          : create(ListEventsResponseSchema, { events: [eventOf(7)] });
      },
    },
  });
  const args = ['run', 'history', 'order-42', '--since', '5', '--address', state.address];
  const { code, stdout, stderr } = await runInProcess(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(shownIn(stdout)).toEqual(['5', '6', '7']);
  expect(requests.map(({ afterSequence, pageToken }) => [afterSequence, pageToken])).toEqual([
    [4n, ''],
    [4n, 'next'],
  ]);
  const json = await runInProcess([...args, '--json']);
  expect(
    json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ event: { sequence: 5 } }, { event: { sequence: 6 } }, { event: { sequence: 7 } }]);
});

test('a history that is followed goes on to the end', async () => {
  await using state = await serveScenes([[eventsOf(1, 2)]], 2);
  const { code, stdout } = await runInProcess(['run', 'history', 'order-42', '--follow', '--address', state.address]);
  expect(code).toBe(0);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('order-42 FAILED after 2 s: E: no');
});
