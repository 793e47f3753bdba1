import { afterEach, expect, test, vi } from 'vitest';
import { boundedCall, NoAnswerError } from './bounded-call.ts';

afterEach(() => vi.useRealTimers());

const never = () => new Promise<never>(() => {});

test('an answer comes through, and no timer is left', async () => {
  vi.useFakeTimers();
  expect(await boundedCall({ timeoutMs: 1_000 }, async () => 7)).toBe(7);
  await expect(boundedCall({ timeoutMs: 1_000 }, () => Promise.reject(new RangeError('no')))).rejects.toThrow('no');
  expect(vi.getTimerCount()).toBe(0);
});

test('a call that heeds no signal ends in time all the same', async () => {
  const failure = await boundedCall({ timeoutMs: 10 }, never).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NoAnswerError);
  expect(failure).toMatchObject({ message: 'no answer within 10 ms', timeoutMs: 10 });
});

test('a call that throws something else when its signal aborts had no answer', async () => {
  const call = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new RangeError('closed'))));
  await expect(boundedCall({ timeoutMs: 10 }, call)).rejects.toThrow(NoAnswerError);
});

test('the reason of the caller is thrown as it is, and the call gets it', async () => {
  const stop = new AbortController();
  let seen: unknown;
  const attempt = boundedCall({ timeoutMs: 1_000, signal: stop.signal }, (signal) => {
    signal.addEventListener('abort', () => (seen = signal.reason));
    return never();
  });
  const reason = new RangeError('enough');
  stop.abort(reason);
  await expect(attempt).rejects.toBe(reason);
  expect(seen).toBe(reason);
});

test('a caller that has ended makes no call', async () => {
  const call = vi.fn<() => Promise<never>>(never);
  const signal = AbortSignal.abort(new RangeError('enough'));
  await expect(boundedCall({ timeoutMs: 1_000, signal }, call)).rejects.toThrow('enough');
  expect(call).not.toHaveBeenCalled();
});
