import { expect, test } from 'vitest';
import { namedSessionId } from './named-session-id.ts';

test('a session is shown as its worker named it, whichever poll it is of', () => {
  expect(namedSessionId('0190')).toBe('0190');
  expect(namedSessionId('0190/1')).toBe('0190');
});

test('a session that its worker did not name is shown without a name', () => {
  expect(namedSessionId('/aGVsbG8')).toBe('');
  expect(namedSessionId('/aGVsbG8/3')).toBe('');
});
