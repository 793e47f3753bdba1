import { expect, test } from 'vitest';
import { plainComment } from './plain-comment.ts';

test('a comment of many lines is a line for each paragraph, and says what is thrown', () => {
  const comment = `/**
   * Connects, and answers once
   * it is welcome.
   *
   * @throws INVALID_FIELDS for what is
   * out of range.
   */`;
  expect(plainComment(comment)).toBe(
    'Connects, and answers once it is welcome.\n\nThrows INVALID_FIELDS for what is out of range.',
  );
});

test('a comment of one line is its text', () => {
  expect(plainComment('/** The attempt, from 1. */')).toBe('The attempt, from 1.');
});

test('no comment is no text', () => {
  expect(plainComment('')).toBe('');
});
