import { expect, test } from 'vitest';
import { readUntilAborted } from './read-until-aborted.ts';

test('what comes is handed over, and the source is let go when the reader stops', async () => {
  let isReleased = false;
  async function* source() {
    try {
      yield Uint8Array.of(1);
      yield Uint8Array.of(2);
    } finally {
      isReleased = true;
    }
  }
  const read: number[] = [];
  for await (const [first = 0] of readUntilAborted(source(), new AbortController().signal)) {
    read.push(first);
    break;
  }
  expect(read).toEqual([1]);
  expect(isReleased).toBe(true);
});

test('an abort ends a read for which nothing comes', async () => {
  const stopping = new AbortController();
  const silent: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
  };
  const reader = readUntilAborted(silent, stopping.signal);
  const next = reader.next();
  stopping.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
});

test('an abort that was earlier reads nothing', async () => {
  const reader = readUntilAborted((async function* () {})(), AbortSignal.abort(new Error('enough')));
  await expect(reader.next()).rejects.toThrow('enough');
});
