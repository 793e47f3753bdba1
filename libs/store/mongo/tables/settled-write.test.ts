import { describe, expect, test } from 'vitest';
import { StoreError } from '#libs/store/store-error.ts';
import { type SettledWrite, settleWrite, type WriteOutcome } from './settled-write.ts';

const lost = new StoreError('unreachable', 'the reply was lost');

/** A write whose attempts and readings come out as listed. */
function writeOf(attempts: readonly (boolean | Error)[], readings: readonly WriteOutcome[] = []): SettledWrite {
  const [tries, reads] = [attempts.values(), readings.values()];
  return {
    async attempt() {
      const { value } = tries.next();
      if (value instanceof Error) {
        throw value;
      }
      return value as boolean;
    },
    readBack: async () => reads.next().value ?? expect.unreachable('nothing was to be read back'),
  };
}

describe('settling a write', () => {
  test('a clean answer is the answer', async () => {
    expect(await settleWrite(writeOf([true]))).toBe(true);
    expect(await settleWrite(writeOf([false]))).toBe(false);
  });

  test('a write whose reply was lost is known by its mark', async () => {
    expect(await settleWrite(writeOf([lost], ['done']))).toBe(true);
  });

  test('a write that another made impossible is refused', async () => {
    expect(await settleWrite(writeOf([lost], ['refused']))).toBe(false);
  });

  test('a repeat that is refused by its own first success is done', async () => {
    expect(await settleWrite(writeOf([lost, false], ['unknown', 'done']))).toBe(true);
    expect(await settleWrite(writeOf([lost, false], ['unknown', 'refused']))).toBe(false);
  });

  test('a write that may still arrive is neither done nor refused', async () => {
    await expect(settleWrite(writeOf([lost, lost, lost], ['unknown', 'unknown', 'unknown']))).rejects.toBe(lost);
  });

  test('what is no trouble of the store is passed on at once', async () => {
    const fault = new TypeError('not a function');
    await expect(settleWrite(writeOf([fault]))).rejects.toBe(fault);
  });
});
