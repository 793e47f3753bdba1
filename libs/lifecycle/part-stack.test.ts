import { expect, test } from 'vitest';
import { createPartStack } from './part-stack.ts';

test('all parts drain newest first, then all close newest first', async () => {
  const said: string[] = [];
  const parts = createPartStack(() => 0);
  for (const name of ['lock', 'store', 'server']) {
    parts.add({
      name,
      ...(name === 'lock' ? {} : { drain: async () => void said.push(`drain ${name}`) }),
      close: () => void said.push(`close ${name}`),
    });
  }
  expect(await parts.stop(1_000)).toEqual([]);
  expect(said).toEqual(['drain server', 'drain store', 'close server', 'close store', 'close lock']);
});

test('each drain gets its share of the time that is left', async () => {
  let nowMs = 0;
  const shares: number[] = [];
  const parts = createPartStack(() => nowMs);
  for (const tookMs of [0, 0, 300]) {
    parts.add({
      name: 'part',
      drain: async (graceMs) => {
        shares.push(graceMs);
        nowMs += tookMs;
      },
    });
  }
  await parts.stop(900);
  expect(shares).toEqual([300, 300, 600]);
});

test('a part that fails does not keep the others from stopping', async () => {
  const closed: string[] = [];
  const parts = createPartStack(() => 0);
  const error = new TypeError('no');
  parts.add({ name: 'first', close: () => void closed.push('first') });
  parts.add({
    name: 'second',
    drain: () => Promise.reject(error),
    close: () => {
      throw error;
    },
  });
  expect(await parts.stop(1_000)).toEqual([
    { part: 'second', error },
    { part: 'second', error },
  ]);
  expect(closed).toEqual(['first']);
});

test('stopping twice stops once', async () => {
  let closed = 0;
  const parts = createPartStack(() => 0);
  parts.add({ name: 'part', close: () => void (closed += 1) });
  await Promise.all([parts.stop(1), parts.stop(1)]);
  expect(closed).toBe(1);
});
