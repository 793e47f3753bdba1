import { expect, test } from 'vitest';
import { createRandomBytes } from './random-bytes.ts';

test('random bytes are never given twice, also across what is fetched at a time', () => {
  const randomBytes = createRandomBytes();
  const seen = new Set<string>();
  for (let count = 0; count < 2_000; count += 1) {
    const bytes = randomBytes(count % 2 === 0 ? 10 : 16);
    expect(bytes.length).toBe(count % 2 === 0 ? 10 : 16);
    seen.add(Buffer.from(bytes).toString('hex'));
  }
  expect(seen.size).toBe(2_000);
});

test('more random bytes than are fetched at a time are given as well', () => {
  expect(createRandomBytes()(10_000).length).toBe(10_000);
});
