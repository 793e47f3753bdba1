import { expect, test } from 'vitest';
import { mayBeAnswered, noteAnswered } from './answered-requests.ts';

type Answers = Parameters<typeof noteAnswered>[0];

test('a run that remembers all its requests says of each whether it was answered', () => {
  const answers: Answers = { knowsAnswers: true, answered: undefined };
  expect(mayBeAnswered(answers, 'SendSignal', 'q')).toBe(false);
  noteAnswered(answers, 'SendSignal', 'q');
  expect(mayBeAnswered(answers, 'SendSignal', 'q')).toBe(true);
  expect(mayBeAnswered(answers, 'ClaimTask', 'q')).toBe(false);
});

test('nothing is known of a run that is not in memory, or was loaded', () => {
  expect(mayBeAnswered(undefined, 'SendSignal', 'q')).toBe(true);
  const loaded: Answers = { knowsAnswers: false, answered: undefined };
  noteAnswered(loaded, 'SendSignal', 'q');
  expect(mayBeAnswered(loaded, 'SendSignal', 'r')).toBe(true);
  expect(loaded.answered).toBeUndefined();
});

test('a run does not remember without end', () => {
  const answers: Answers = { knowsAnswers: true, answered: undefined };
  for (let count = 0; count <= 1_000; count += 1) noteAnswered(answers, 'SendSignal', `q${count}`);
  expect(answers).toEqual({ knowsAnswers: false, answered: undefined });
  expect(mayBeAnswered(answers, 'SendSignal', 'new')).toBe(true);
});
