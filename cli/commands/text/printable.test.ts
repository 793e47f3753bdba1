import { expect, test } from 'vitest';
import { oneLine, printable } from './printable.ts';

test('what would steer a terminal is shown, not done', () => {
  expect(printable('a\u001b[31mred\u009b0m\u0007\r\u202eb')).toBe('a\\u001b[31mred\\u009b0m\\u0007\\u000d\\u202eb');
});

test('ends of lines, accents and emoji stay', () => {
  const text = 'né 👩‍👩‍👧\nпривет';
  expect(printable(text)).toBe(text);
});

test('a line is cut at letters, not inside one', () => {
  expect(oneLine(' a\n\tb  c ')).toBe('a b c');
  expect(oneLine('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧');
  expect(oneLine('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 2)).toBe('👩‍👩‍👧…');
  expect(oneLine('x'.repeat(1_000_000), 5)).toBe('xxxx…');
});
