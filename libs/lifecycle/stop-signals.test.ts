import { expect, test } from 'vitest';
import { createSignalJudge } from './stop-signals.ts';

test('the first signal drains, and copies within 500 ms are ignored', () => {
  const judge = createSignalJudge();
  expect(judge('SIGINT', 1_000)).toEqual({ kind: 'drain' });
  expect(judge('SIGINT', 1_001)).toEqual({ kind: 'ignore' });
  expect(judge('SIGTERM', 1_499)).toEqual({ kind: 'ignore' });
});

test('a later signal ends the program with the code of that signal', () => {
  const judge = createSignalJudge();
  judge('SIGTERM', 0);
  expect(judge('SIGINT', 500)).toEqual({ kind: 'exit', code: 130 });
  expect(judge('SIGTERM', 600)).toEqual({ kind: 'exit', code: 143 });
});

test('a key that is held down ends the program, because copies are counted from the first', () => {
  const judge = createSignalJudge();
  const kinds = [0, 200, 400, 600].map((nowMs) => judge('SIGINT', nowMs).kind);
  expect(kinds).toEqual(['drain', 'ignore', 'ignore', 'exit']);
});
