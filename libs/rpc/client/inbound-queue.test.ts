import { expect, test } from 'vitest';
import { InboundQueue } from './inbound-queue.ts';

/** A queue of strings, with what it asked of its stream. */
function stringQueue() {
  const asked = { more: 0, stopped: 0 };
  const queue = new InboundQueue<string>({
    decode(bytes) {
      const text = bytes.toString();
      if (text === 'broken') {
        throw new RangeError('does not decode');
      }
      return text;
    },
    readMore() {
      asked.more += 1;
    },
    stopped() {
      asked.stopped += 1;
    },
  });
  return { queue, asked, push: (text: string) => queue.push(Buffer.from(text)) };
}

test('one message is asked for at a time, and none any more when enough wait for the reader', async () => {
  const { queue, asked, push } = stringQueue();
  queue.fill();
  queue.fill();
  expect(asked.more).toBe(1);
  for (let index = 0; index < 16; index += 1) {
    push(`${index}`);
  }
  expect(asked.more).toBe(16);
  expect((await queue.next()).value).toBe('0');
  expect(asked.more).toBe(17);
});

test('large messages stop the reading by their bytes', () => {
  const { queue, asked, push } = stringQueue();
  queue.fill();
  push('x'.repeat(1024 * 1024));
  expect(asked.more).toBe(1);
});

test('readers that wait are served in order', async () => {
  const { queue, push } = stringQueue();
  const results = Promise.all([queue.next(), queue.next(), queue.next()]);
  push('a');
  push('b');
  queue.end();
  expect(await results).toEqual([
    { done: false, value: 'a' },
    { done: false, value: 'b' },
    { done: true, value: undefined },
  ]);
});

test('what had arrived is given before the error, which is given once', async () => {
  const { queue, push } = stringQueue();
  push('a');
  queue.end(new TypeError('lost'));
  queue.end();
  expect((await queue.next()).value).toBe('a');
  await expect(queue.next()).rejects.toThrow('lost');
  expect((await queue.next()).done).toBe(true);
});

test('an abort drops what had arrived', async () => {
  const { queue, push } = stringQueue();
  push('a');
  queue.abort(new TypeError('aborted'));
  await expect(queue.next()).rejects.toThrow('aborted');
});

test('a reader that stops drops the rest, tells the stream and hears no error any more', async () => {
  const { queue, asked, push } = stringQueue();
  push('a');
  for await (const _text of queue) {
    break;
  }
  push('b');
  queue.end(new TypeError('aborted'));
  expect(asked.stopped).toBe(1);
  expect((await queue.next()).done).toBe(true);
});

test('a message that does not decode is thrown to its reader and stops the stream', async () => {
  const { queue, asked, push } = stringQueue();
  push('broken');
  push('a');
  await expect(queue.next()).rejects.toThrow('does not decode');
  expect(asked.stopped).toBe(1);
  expect((await queue.next()).done).toBe(true);
});
