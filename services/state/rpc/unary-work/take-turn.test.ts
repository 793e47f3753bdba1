import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createKeyLocks } from '../payloads/key-locks.ts';
import { takeTurn } from './take-turn.ts';

const NEVER: AbortSignal = new AbortController().signal;

describe('a turn', () => {
  test('comes after everybody who asked before, for the same key alone', async () => {
    const locks = createKeyLocks();
    const order: string[] = [];
    const giveOn = await takeTurn(locks, 'a', NEVER);
    const second = (async () => {
      const giveThisOn = await takeTurn(locks, 'a', NEVER);
      order.push('second');
      giveThisOn();
    })();
    (await takeTurn(locks, 'b', NEVER))();
    await turn();
    expect(order).toEqual([]);
    giveOn();
    await second;
    expect(order).toEqual(['second']);
  });

  test('is not waited for any longer than its caller does, and whoever is behind gets it', async () => {
    const locks = createKeyLocks();
    const giveOn = await takeTurn(locks, 'a', NEVER);
    const caller = new AbortController();
    const gone = takeTurn(locks, 'a', caller.signal);
    const behind = takeTurn(locks, 'a', NEVER);
    caller.abort(new RangeError('gone'));
    await expect(gone).rejects.toThrow('gone');
    await expect(takeTurn(locks, 'a', caller.signal)).rejects.toThrow('gone');
    giveOn();
    (await behind)();
  });
});
