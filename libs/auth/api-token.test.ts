import { expect, test } from 'vitest';
import { hashSecret, isSameHash, maybeSecret, secretFromBytes } from './api-token.ts';

test('[70] a secret is mlr_ and 43 characters, and its hash does not show it', () => {
  const secret = secretFromBytes(new Uint8Array(32).fill(255));
  expect(secret).toMatch(/^mlr_[\w-]{43}$/);
  expect(hashSecret(secret)).toMatch(/^[0-9a-f]{64}$/);
});

test('hashes are the same or not, whatever their lengths', () => {
  expect(isSameHash(hashSecret('a'), hashSecret('a'))).toBe(true);
  expect(isSameHash(hashSecret('a'), hashSecret('b'))).toBe(false);
  expect(isSameHash(hashSecret('a'), '')).toBe(false);
});

test.each([
  ['Bearer mlr_x', 'mlr_x'],
  ['bearer   mlr_x ', 'mlr_x'],
  ['Basic mlr_x', undefined],
  ['Bearer', undefined],
  ['Bearer a b', undefined],
  ['Bearer ü', undefined],
  [`Bearer ${'x'.repeat(600)}`, undefined],
  [undefined, undefined],
])('the secret in %s', (header, secret) => {
  expect(maybeSecret(header)).toBe(secret);
});
