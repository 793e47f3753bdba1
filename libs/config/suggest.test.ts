import { expect, test } from 'vitest';
import { editDistance, maybeNearest } from './suggest.ts';

test('the distance counts what is put in, taken out and changed', () => {
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('abc', 'abc')).toBe(0);
  expect(editDistance('kitten', 'sitting')).toBe(3);
});

test('the nearest name is found, and none where nothing is near', () => {
  const names = ['--grpc-listen', '--http-listen', '--store'];
  expect(maybeNearest('--grpc-listn', names)).toBe('--grpc-listen');
  expect(maybeNearest('--stroe', names)).toBe('--store');
  expect(maybeNearest('--whatever-else', names)).toBeUndefined();
});
