import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import { NonRetryableError, StepError } from './errors.ts';
import { failureFromError, loopFailure } from './failure.ts';

class OutOfStock extends Error {}

test('the type is the class name, the given name or the reason of a refusal', () => {
  const named = new Error('x');
  named.name = 'Named';
  expect(failureFromError(new OutOfStock('none left')).type).toBe('OutOfStock');
  expect(failureFromError(named).type).toBe('Named');
  expect(failureFromError(new Error('x')).type).toBe('Error');
  expect(failureFromError(new DomainError('QUOTA_EXCEEDED', 'x')).type).toBe('QUOTA_EXCEEDED');
  expect(failureFromError('a text')).toMatchObject({ type: 'string', message: 'a text', stack: '' });
});

test('an error says by itself that no retry helps', () => {
  expect(failureFromError(new NonRetryableError('x')).nonRetryable).toBe(true);
  expect(failureFromError(Object.assign(new Error('x'), { nonRetryable: true })).nonRetryable).toBe(true);
  expect(failureFromError(new Error('x')).nonRetryable).toBe(false);
});

test('causes are kept, outermost first, and at most sixteen', () => {
  let error = new Error('0');
  for (let depth = 1; depth <= 20; depth += 1) error = new Error(String(depth), { cause: error });
  const { causes } = failureFromError(error);
  expect(causes).toHaveLength(16);
  expect(causes[0]?.message).toBe('19');
});

test('what is long is cut to what the protos allow, whatever characters it has', () => {
  const failure = failureFromError(new Error('€'.repeat(100_000), { cause: new Error('€'.repeat(100_000)) }));
  expect(Buffer.byteLength(failure.message)).toBeLessThanOrEqual(65_536);
  expect(Buffer.byteLength(failure.stack)).toBeLessThanOrEqual(65_536);
  expect(Buffer.byteLength(failure.causes[0]?.message ?? '')).toBeLessThanOrEqual(65_536);
});

test('the failure of a step that a function throws on names the step and its attempts', () => {
  const inner = loopFailure('RangeError', 'no', false);
  expect(failureFromError(new StepError('charge', 3, inner))).toMatchObject({
    type: 'RangeError',
    nodePath: 'charge',
    attempts: 3,
  });
});
