import { create } from '@bufbuild/protobuf';
import type { ServerWritableStream, UntypedHandleCall } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import {
  EchoService,
  type RepeatRequest,
  type RepeatResponse,
  RepeatResponseSchema,
} from '#gen/millrace/test/v1/echo_service_pb.ts';
import type { ClientOptions } from './call-options.ts';
import { createClient } from './client.ts';
import { connectTo, startBareServer, statusWith } from './testing/bare-server.ts';

type Repeat = ServerWritableStream<RepeatRequest, RepeatResponse>;

const AWAY = statusWith(14, 'away', { reason: 'UNAVAILABLE' });
const QUICK: ClientOptions = { retry: { initialMs: 5 }, random: () => 0 };

/** A Repeat that fails so many calls after so many answers and then answers in full. */
function repeating(seen: Repeat[] = [], failCalls = 0, after = 0): Record<string, UntypedHandleCall> {
  return {
    Repeat(call: Repeat) {
      seen.push(call);
      const isFailing = seen.length <= failCalls;
      const count = isFailing ? after : call.request.count;
      for (let number = 1; number <= count; number += 1) {
        call.write(create(RepeatResponseSchema, { number }));
      }
      if (isFailing) {
        call.emit('error', AWAY);
      } else {
        call.end();
      }
    },
  };
}

async function numbers(answers: AsyncIterable<RepeatResponse>): Promise<number[]> {
  const found: number[] = [];
  for await (const { number } of answers) {
    found.push(number);
  }
  return found;
}

test('all answers come in order, and none may come', async () => {
  await using server = await startBareServer(repeating());
  await using channel = connectTo(server);
  const client = createClient(EchoService, channel);
  const found = await numbers(client.repeat({ count: 1_000 }));
  expect(found).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
  expect(await numbers(client.repeat({ count: 0 }))).toEqual([]);
});

test('nothing is called before the first answer is asked for, and each loop is a call of its own', async () => {
  const seen: Repeat[] = [];
  await using server = await startBareServer(repeating(seen));
  await using channel = connectTo(server);
  const answers = createClient(EchoService, channel).repeat({ count: 2 });
  expect(seen).toHaveLength(0);
  expect(await numbers(answers)).toEqual([1, 2]);
  expect(await numbers(answers)).toEqual([1, 2]);
  expect(seen).toHaveLength(2);
});

test('a stream that fails before its first answer is opened again', async () => {
  const seen: Repeat[] = [];
  await using server = await startBareServer(repeating(seen, 2));
  await using channel = connectTo(server);
  expect(await numbers(createClient(EchoService, channel, QUICK).repeat({ count: 3 }))).toEqual([1, 2, 3]);
  expect(seen).toHaveLength(3);
});

test('a stream that fails after its first answer is not', async () => {
  const seen: Repeat[] = [];
  await using server = await startBareServer({
    Repeat(call: Repeat) {
      seen.push(call);
      call.write(create(RepeatResponseSchema, { number: 1 }));
      setTimeout(() => call.emit('error', AWAY), 30);
    },
  });
  await using channel = connectTo(server);
  const reader = createClient(EchoService, channel, QUICK).repeat({ count: 3 })[Symbol.asyncIterator]();
  expect((await reader.next()).value?.number).toBe(1);
  await expect(reader.next()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect((await reader.next()).done).toBe(true);
  expect(seen).toHaveLength(1);
});

test('leaving the loop cancels the call', async () => {
  const cancelled = Promise.withResolvers<void>();
  await using server = await startBareServer({
    Repeat(call: Repeat) {
      call.on('cancelled', () => cancelled.resolve());
      call.write(create(RepeatResponseSchema, { number: 1 }));
    },
  });
  await using channel = connectTo(server);
  for await (const { number } of createClient(EchoService, channel).repeat({ count: 1 })) {
    expect(number).toBe(1);
    break;
  }
  await cancelled.promise;
});

test('a signal ends the wait for an answer, and the wait for the next attempt', async () => {
  const opened = Promise.withResolvers<void>();
  await using silent = await startBareServer({ Repeat: () => opened.resolve() });
  await using channel = connectTo(silent);
  const controller = new AbortController();
  const waiting = numbers(createClient(EchoService, channel).repeat({}, { signal: controller.signal }));
  await opened.promise;
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ reason: 'CALLER_GONE' });

  const seen: Repeat[] = [];
  await using failing = await startBareServer(repeating(seen, 9));
  await using other = connectTo(failing);
  const pausing = new AbortController();
  const client = createClient(EchoService, other, { retry: { initialMs: 60_000, maxMs: 60_000 } });
  const paused = numbers(client.repeat({}, { signal: pausing.signal }));
  await expect.poll(() => seen.length).toBe(1);
  setTimeout(() => pausing.abort(), 20);
  await expect(paused).rejects.toMatchObject({ reason: 'CALLER_GONE' });
});

test('a reader that stops while the stream is opened again is let go', async () => {
  const seen: Repeat[] = [];
  await using server = await startBareServer(repeating(seen, 9));
  await using channel = connectTo(server);
  const client = createClient(EchoService, channel, { retry: { initialMs: 60_000, maxMs: 60_000 } });
  const reader = client.repeat({})[Symbol.asyncIterator]();
  const first = reader.next();
  await expect.poll(() => seen.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await reader.return?.();
  expect((await first).done).toBe(true);
  expect((await reader.next()).done).toBe(true);
});

test('answers that are asked for at once come in order', async () => {
  await using server = await startBareServer(repeating());
  await using channel = connectTo(server);
  const reader = createClient(EchoService, channel).repeat({ count: 2 })[Symbol.asyncIterator]();
  const results = await Promise.all([reader.next(), reader.next(), reader.next()]);
  expect(results.map(({ value }) => (value as RepeatResponse | undefined)?.number)).toEqual([1, 2, undefined]);
});
