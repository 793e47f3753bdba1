import { expect, test } from 'vitest';
import type { WorkRequest } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { StepRecord, WorkCompletion } from '#gen/millrace/state/v1/work_up_pb.ts';
import { payloadFromBytes } from '../values/payload.ts';
import { createFrameLine, type FrameLine } from './frame-line.ts';

function step(ordinal: number, bytes = 0): StepRecord {
  return {
    $typeName: 'millrace.state.v1.StepRecord',
    handle: 2,
    ordinal,
    name: 'a',
    scope: '',
    occurrence: 0,
    attempt: 1,
    record: { case: 'result', value: payloadFromBytes(new Uint8Array(bytes)) },
  };
}

function completion(): WorkCompletion {
  return { $typeName: 'millrace.state.v1.WorkCompletion', handle: 2, stepCount: 0 };
}

interface Sink {
  readonly line: FrameLine;
  readonly sent: WorkRequest[];
  readonly broken: unknown[];
  room: Promise<void> | undefined;
  error: Error | undefined;
}

function sinkOf(): Sink {
  const sent: WorkRequest[] = [];
  const broken: unknown[] = [];
  const line = createFrameLine({
    tenantId: 't',
    send: (request) => {
      if (sink.error !== undefined) throw sink.error;
      sent.push(request);
      return sink.room;
    },
    onBroken: (error) => broken.push(error),
  });
  const sink: Sink = { line, sent, broken, room: undefined, error: undefined };
  return sink;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what is flushed leaves before the turn is over, and what follows in the same turn after it', async () => {
  const { line, sent } = sinkOf();
  line.add(step(1));
  line.flush();
  expect(sent.map(({ steps }) => steps.map(({ ordinal }) => ordinal))).toEqual([[1]]);
  line.add(step(2));
  line.add(step(3));
  expect(sent).toHaveLength(1);
  await new Promise(setImmediate);
  line.flush();
  expect(sent.map(({ steps }) => steps.map(({ ordinal }) => ordinal))).toEqual([[1], [2, 3]]);
});

test('all frames of a turn leave as one message after it, of every kind and with one sum of credits', async () => {
  const { line, sent } = sinkOf();
  line.add(step(1));
  line.add(step(2));
  line.add(completion());
  line.addCredits(2);
  line.addCredits(3);
  expect(sent).toEqual([]);
  await turn();
  line.add(step(3));
  await turn();
  expect(sent.map(({ tenantId, steps, complete }) => [tenantId, steps.length, complete.length])).toEqual([
    ['t', 2, 1],
    ['t', 1, 0],
  ]);
  expect(sent[0]?.credits?.add).toBe(5);
});

test('a message has at most 4 096 frames, and they stay in order', async () => {
  const { line, sent } = sinkOf();
  for (let ordinal = 1; ordinal <= 10_000; ordinal += 1) line.add(step(ordinal));
  await turn();
  expect(sent.map(({ steps }) => steps.length)).toEqual([4_096, 4_096, 1_808]);
  expect(sent.flatMap(({ steps }) => steps.map(({ ordinal }) => ordinal))).toEqual(
    Array.from({ length: 10_000 }, (_, index) => index + 1),
  );
});

test('a message stays below 3 MiB', async () => {
  const { line, sent } = sinkOf();
  for (let ordinal = 1; ordinal <= 5; ordinal += 1) line.add(step(ordinal, 1_000_000));
  await turn();
  expect(sent.map(({ steps }) => steps.length)).toEqual([3, 2]);
});

test('while there is no room frames gather, and then leave in as few messages', async () => {
  const sink = sinkOf();
  const room = Promise.withResolvers<void>();
  sink.room = room.promise;
  sink.line.add(step(1));
  await turn();
  for (let ordinal = 2; ordinal <= 4; ordinal += 1) {
    sink.line.add(step(ordinal));
    await turn();
  }
  expect(sink.sent).toHaveLength(1);
  sink.room = undefined;
  room.resolve();
  await turn();
  expect(sink.sent.map(({ steps }) => steps.map(({ ordinal }) => ordinal))).toEqual([[1], [2, 3, 4]]);
});

test('what has not left is dropped when it goes by another stream, or when the stream takes nothing any more', async () => {
  const sink = sinkOf();
  sink.line.add(step(1));
  sink.line.drop();
  await turn();
  expect(sink.sent).toEqual([]);
  sink.error = new RangeError('over');
  sink.line.add(step(2));
  await turn();
  expect(sink.broken).toEqual([sink.error]);
});
