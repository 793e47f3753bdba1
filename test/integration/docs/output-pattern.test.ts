import { describe, expect, test } from 'vitest';
import { hasOutput, isOutput } from './output-pattern.ts';

describe('what a page shows', () => {
  test.each([
    ['times', 'at 2026-03-01T12:00:00.101+01:00', 'at 2027-01-02T03:04:05Z'],
    [
      'ids',
      'started a (incarnation 01a21f17-cf00-7213-8fd3-29f7212a9371)',
      'started a (incarnation 11111111-2222-7333-8444-555555555555)',
    ],
    ['durations', 'COMPLETED after 6.2 s', 'COMPLETED after 75 ms'],
    ['how columns are aligned', 'a  b', 'a      b  \n'],
    ['colours', 'done', '\u001b[32mdone\u001b[0m'],
    ['what the page leaves out', 'one\n…\nfour', 'one\ntwo\nthree\nfour'],
    ['what it leaves out where nothing is', 'one\n…', 'one'],
    ['what it leaves out of a line', 'one … three', 'one two three'],
  ])('may differ in %s', (_what, shown, output) => {
    expect(isOutput(shown, output)).toBe(true);
  });

  test.each([
    ['a word', 'order-42 COMPLETED', 'order-42 FAILED'],
    ['a line that is missing', 'one\ntwo', 'one'],
    ['a line that came besides', 'one', 'one\ntwo'],
    ['what a pattern would take for anything', 'a.c', 'abc'],
  ])('may not differ in %s', (_what, shown, output) => {
    expect(isOutput(shown, output)).toBe(false);
  });

  test('may be a part of what a process prints that goes on', () => {
    expect(hasOutput('ready after 1 s', '> start\nready after 0.4 s, see below\n')).toBe(true);
    expect(hasOutput('ready after 1 s', '> start\n')).toBe(false);
  });
});
