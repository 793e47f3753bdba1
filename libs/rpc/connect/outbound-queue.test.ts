import { expect, test } from 'vitest';
import { OutboundQueue } from './outbound-queue.ts';

const ROOM = 16;

async function isPending(promise: Promise<unknown> | undefined): Promise<boolean> {
  return (
    (await Promise.race([promise, new Promise((resolve) => setImmediate(() => resolve('pending')))])) === 'pending'
  );
}

test('messages are read in order, then the end', async () => {
  const queue = new OutboundQueue<number>(() => undefined);
  const reading = queue.next();
  expect(queue.send(1)).toBeUndefined();
  expect(queue.send(2)).toBeUndefined();
  queue.end(undefined);
  expect(await reading).toEqual({ done: false, value: 1 });
  expect(await queue.next()).toEqual({ done: false, value: 2 });
  expect(await queue.next()).toEqual({ done: true, value: undefined });
  expect(await queue.next()).toEqual({ done: true, value: undefined });
});

test('a full queue promises room, and keeps the promise when something was read', async () => {
  const queue = new OutboundQueue<number>(() => undefined);
  for (let i = 1; i < ROOM; i += 1) {
    expect(queue.send(i)).toBeUndefined();
  }
  const room = queue.send(ROOM);
  expect(await isPending(room)).toBe(true);
  await queue.next();
  expect(await isPending(room)).toBe(false);
});

test('the end gives room to whoever waits, and takes nothing more', async () => {
  const queue = new OutboundQueue<number>(() => undefined);
  for (let i = 1; i < ROOM; i += 1) {
    void queue.send(i);
  }
  const room = queue.send(ROOM);
  queue.end(undefined);
  expect(await isPending(room)).toBe(false);
  expect(queue.send(99)).toBeUndefined();
  let last: number | undefined;
  for await (const message of queue) {
    last = message;
  }
  expect(last).toBe(ROOM);
});

test('an error comes after what was sent before it, and the first end counts', async () => {
  const queue = new OutboundQueue<number>(() => undefined);
  void queue.send(1);
  queue.end(new RangeError('first'));
  queue.end(undefined);
  expect(await queue.next()).toEqual({ done: false, value: 1 });
  await expect(queue.next()).rejects.toThrow('first');
});

test('a reader that leaves is told of, and whoever waits for room gets it', async () => {
  let left = 0;
  const queue = new OutboundQueue<number>(() => {
    left += 1;
  });
  let room: Promise<void> | undefined;
  for (let i = 0; i < ROOM; i += 1) {
    room = queue.send(i);
  }
  await queue.return();
  expect(left).toBe(1);
  expect(await isPending(room)).toBe(false);
  expect(await queue.next()).toEqual({ done: true, value: undefined });
});

test('a reader that waits gets the end', async () => {
  const queue = new OutboundQueue<number>(() => undefined);
  const reading = queue.next();
  queue.end(undefined);
  expect(await reading).toEqual({ done: true, value: undefined });
});
