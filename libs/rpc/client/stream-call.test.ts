import { create } from '@bufbuild/protobuf';
import type { ServerDuplexStream, ServerReadableStream, sendUnaryData } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import {
  type ChatRequest,
  type ChatResponse,
  ChatResponseSchema,
  type CollectRequest,
  CollectResponseSchema,
  EchoService,
} from '#gen/millrace/test/v1/echo_service_pb.ts';
import { createClient } from './client.ts';
import { connectTo, startBareServer, statusWith } from './testing/bare-server.ts';

type Chat = ServerDuplexStream<ChatRequest, ChatResponse>;
type Collect = ServerReadableStream<CollectRequest, unknown>;

/** A Chat that answers every batch with itself and ends when its caller does. */
function echoing(chat: Chat): void {
  chat.on('data', ({ frames }: ChatRequest) => chat.write(create(ChatResponseSchema, { frames })));
  chat.on('end', () => chat.end());
}

function frame(id: string, bytes = 0) {
  return { frames: [{ id, data: new Uint8Array(bytes) }] };
}

async function ids(messages: AsyncIterable<ChatResponse>): Promise<string[]> {
  const found: string[] = [];
  for await (const { frames } of messages) {
    found.push(...frames.map(({ id }) => id));
  }
  return found;
}

test('what is sent comes back in order, and the stream ends after both sides have closed', async () => {
  await using server = await startBareServer({ Chat: echoing });
  await using channel = connectTo(server);
  const stream = createClient(EchoService, channel).chat();
  const sent = Array.from({ length: 500 }, (_, index) => `id-${index}`);
  const received = ids(stream.messages);
  for (const id of sent) {
    await stream.send(frame(id));
  }
  stream.close();
  expect(await received).toEqual(sent);
});

test('both sides may take turns', async () => {
  await using server = await startBareServer({ Chat: echoing });
  await using channel = connectTo(server);
  await using stream = createClient(EchoService, channel).chat();
  for (const id of ['a', 'b', 'c']) {
    await stream.send(frame(id));
    const next = await stream.messages.next();
    expect(next.value?.frames[0]?.id).toBe(id);
  }
});

test('a sender is asked to wait when the other side does not read, and goes on when it does', async () => {
  const opened = Promise.withResolvers<Chat>();
  await using server = await startBareServer({ Chat: opened.resolve });
  await using channel = connectTo(server);
  await using stream = createClient(EchoService, channel).chat();
  let sent = 0;
  let room: Promise<void> | undefined;
  const isFull = async (): Promise<boolean> => {
    const settled = await Promise.race([
      room?.then(() => true),
      new Promise((resolve) => setTimeout(resolve, 100, false)),
    ]);
    return settled === false;
  };
  do {
    room = stream.send(frame(`id-${sent}`, 60_000));
    sent += 1;
  } while (room === undefined || !(await isFull()));
  expect(sent * 60_000).toBeLessThan(8 * 1024 * 1024);
  const chat = await opened.promise;
  let received = 0;
  chat.on('data', () => {
    received += 1;
  });
  await room;
  stream.close();
  await expect.poll(() => received).toBe(sent);
});

test('a sender that never waits is refused in the end', async () => {
  await using server = await startBareServer({ Chat: () => {} });
  await using channel = connectTo(server);
  await using stream = createClient(EchoService, channel).chat();
  const flood = (): void => {
    for (let sent = 0; sent < 10_000; sent += 1) {
      void stream.send(frame('x'));
    }
  };
  expect(flood).toThrow(expect.objectContaining({ reason: 'OVERLOADED' }));
});

test('the other side is held back while nobody reads', async () => {
  const opened = Promise.withResolvers<Chat>();
  await using server = await startBareServer({ Chat: opened.resolve });
  await using channel = connectTo(server);
  await using stream = createClient(EchoService, channel).chat();
  await stream.send(frame('open'));
  const chat = await opened.promise;
  let written = 0;
  const write = (): void => {
    while (written < 500) {
      written += 1;
      if (!chat.write(create(ChatResponseSchema, frame(`id-${written}`, 60_000)))) {
        chat.once('drain', write);
        return;
      }
    }
    chat.end();
  };
  write();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(written).toBeLessThan(200);
  expect(await ids(stream.messages)).toHaveLength(500);
});

test('an error of the service is thrown into the loop after what came before it, and to later senders', async () => {
  await using server = await startBareServer({
    Chat(chat: Chat) {
      chat.write(create(ChatResponseSchema, frame('before')));
      chat.once('data', () => chat.emit('error', statusWith(10, 'gone', { reason: 'LEASE_LOST' })));
    },
  });
  await using channel = connectTo(server);
  const stream = createClient(EchoService, channel).chat();
  expect((await stream.messages.next()).value?.frames[0]?.id).toBe('before');
  await stream.send(frame('a'));
  await expect(stream.messages.next()).rejects.toMatchObject({ reason: 'LEASE_LOST' });
  expect(await stream.messages.next()).toEqual({ done: true, value: undefined });
  expect(() => stream.send(frame('b'))).toThrow('gone');
});

test('sending to a stream that the service has ended says to open another', async () => {
  await using server = await startBareServer({ Chat: (chat: Chat) => chat.end() });
  await using channel = connectTo(server);
  const stream = createClient(EchoService, channel).chat();
  expect(await ids(stream.messages)).toEqual([]);
  expect(() => stream.send(frame('a'))).toThrow(expect.objectContaining({ kind: 'unavailable' }));
});

test('nothing is sent after the close', async () => {
  await using server = await startBareServer({ Chat: echoing });
  await using channel = connectTo(server);
  const stream = createClient(EchoService, channel).chat();
  stream.close();
  stream.close();
  expect(() => stream.send(frame('a'))).toThrow('closed for sending');
  expect(await ids(stream.messages)).toEqual([]);
});

test('an abort ends the stream for both sides and for whoever waits', async () => {
  const opened = Promise.withResolvers<Chat>();
  await using server = await startBareServer({ Chat: opened.resolve });
  await using channel = connectTo(server);
  const stream = createClient(EchoService, channel).chat();
  const chat = await opened.promise;
  const cancelled = new Promise((resolve) => chat.on('cancelled', resolve));
  const waiting = stream.messages.next();
  stream.abort(new TypeError('enough'));
  stream.abort();
  await expect(waiting).rejects.toMatchObject({ reason: 'CALLER_GONE', cause: { message: 'enough' } });
  expect(() => stream.send(frame('a'))).toThrow('aborted');
  await cancelled;
});

test('a signal aborts the stream, and a deadline ends it', async () => {
  await using server = await startBareServer({ Chat: () => {} });
  await using channel = connectTo(server);
  const client = createClient(EchoService, channel);
  const controller = new AbortController();
  const aborted = client.chat({ signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await expect(ids(aborted.messages)).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  const late = client.chat({ deadlineMs: 50 });
  await expect(ids(late.messages)).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
});

test('leaving the loop aborts the stream', async () => {
  const cancelled = Promise.withResolvers<void>();
  await using server = await startBareServer({
    Chat(chat: Chat) {
      echoing(chat);
      chat.on('cancelled', () => cancelled.resolve());
    },
  });
  await using channel = connectTo(server);
  const stream = createClient(EchoService, channel).chat();
  await stream.send(frame('a'));
  for await (const _message of stream.messages) {
    break;
  }
  await cancelled.promise;
});

test('a stream that cannot start has ended', async () => {
  await using server = await startBareServer({ Chat: echoing });
  await using channel = connectTo(server);
  const client = createClient(EchoService, channel);
  const aborted = client.chat({ signal: AbortSignal.abort() });
  expect(() => aborted.send(frame('a'))).toThrow('aborted');
  await expect(aborted.messages.next()).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  channel.close();
  await expect(client.chat().messages.next()).rejects.toMatchObject({ reason: 'CALLER_GONE' });
});

test('a cut connection ends the stream as unavailable', async () => {
  const opened = Promise.withResolvers<void>();
  await using server = await startBareServer({ Chat: () => opened.resolve() });
  await using channel = connectTo(server);
  const stream = createClient(EchoService, channel).chat();
  await opened.promise;
  server.cut();
  await expect(stream.messages.next()).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a client stream is counted and answered once', async () => {
  await using server = await startBareServer({
    Collect(stream: Collect, respond: sendUnaryData<unknown>) {
      let messages = 0;
      stream.on('data', () => {
        messages += 1;
      });
      stream.on('end', () => respond(null, create(CollectResponseSchema, { messages })));
    },
  });
  await using channel = connectTo(server);
  const stream = createClient(EchoService, channel).collect();
  for (let sent = 0; sent < 300; sent += 1) {
    await stream.send({ data: new Uint8Array(10) });
  }
  expect(await stream.finish()).toMatchObject({ messages: 300 });
});

test('a client stream that the service refuses early rejects its finish', async () => {
  await using server = await startBareServer({
    Collect: (_stream: Collect, respond: sendUnaryData<unknown>) => {
      respond(statusWith(8, 'full', { reason: 'QUOTA_EXCEEDED' }));
    },
  });
  await using channel = connectTo(server);
  const stream = createClient(EchoService, channel).collect();
  await expect(stream.finish()).rejects.toMatchObject({ reason: 'QUOTA_EXCEEDED' });
});
