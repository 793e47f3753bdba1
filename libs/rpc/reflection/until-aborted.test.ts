import { expect, test } from 'vitest';
import { untilAborted } from './until-aborted.ts';

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of source) {
    found.push(value);
  }
  return found;
}

test('everything passes while nothing aborts', async () => {
  async function* source() {
    yield 1;
    yield 2;
  }
  expect(await collect(untilAborted(source(), new AbortController().signal))).toEqual([1, 2]);
});

test('an abort ends the wait for a source that is silent', async () => {
  const controller = new AbortController();
  async function* source() {
    yield 1;
    await new Promise(() => {});
  }
  const collected = collect(untilAborted(source(), controller.signal));
  setImmediate(() => controller.abort());
  expect(await collected).toEqual([1]);
});

test('nothing is asked of the source when the signal aborted before', async () => {
  let asked = 0;
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        asked += 1;
        return { done: true as const, value: undefined };
      },
    }),
  };
  expect(await collect(untilAborted(source, AbortSignal.abort()))).toEqual([]);
  expect(asked).toBe(0);
});

test('the source is let go when the reader stops early', async () => {
  let isLetGo = false;
  async function* source() {
    try {
      yield 1;
      yield 2;
    } finally {
      isLetGo = true;
    }
  }
  for await (const value of untilAborted(source(), new AbortController().signal)) {
    expect(value).toBe(1);
    break;
  }
  expect(isLetGo).toBe(true);
});

test('what the source throws is thrown on', async () => {
  async function* source() {
    yield 1;
    throw new RangeError('broken');
  }
  await expect(collect(untilAborted(source(), new AbortController().signal))).rejects.toThrow('broken');
});
