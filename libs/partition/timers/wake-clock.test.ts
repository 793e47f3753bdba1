import { describe, expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { createSystemClock } from './system-clock.ts';
import { createWakeClock, type WakeClock } from './wake-clock.ts';

const START = 1_000_000_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Hands {
  readonly clock: Clock;
  /** Sets the wall clock, as an administrator does. */
  readonly jump: (ms: number) => void;
  /** Lets time pass, with all that it brings. */
  readonly pass: (ms: number) => void;
  /** One turn of the event loop. */
  readonly turn: () => void;
  readonly waits: number[];
}

function createHands(): Hands {
  const timers = new Set<{ readonly at: number; readonly fn: () => void }>();
  const waits: number[] = [];
  let turns = new Set<() => void>();
  let monotonic = 0;
  let offset = START;
  function turn(): void {
    const due = turns;
    turns = new Set();
    for (const fn of due) fn();
  }
  return {
    clock: {
      now: () => monotonic + offset,
      monotonic: () => monotonic,
      setTimer: (ms, fn) => {
        const timer = { at: monotonic + ms, fn };
        waits.push(ms);
        timers.add(timer);
        return () => void timers.delete(timer);
      },
      setNextTurn: (fn) => {
        const own = (): void => fn();
        turns.add(own);
        return () => void turns.delete(own);
      },
    },
    jump: (ms) => {
      offset += ms;
    },
    pass: (ms) => {
      const end = monotonic + ms;
      for (;;) {
        while (turns.size > 0) turn();
        const [first] = [...timers].toSorted((a, b) => a.at - b.at);
        if (first === undefined || first.at > end) break;
        timers.delete(first);
        monotonic = Math.max(monotonic, first.at);
        first.fn();
      }
      monotonic = end;
    },
    turn,
    waits,
  };
}

function createBell(hands: Hands, maxDuePerTurn = 1_000): { wake: WakeClock<string>; rung: [string, number][] } {
  const rung: [string, number][] = [];
  const wake = createWakeClock<string>({
    clock: hands.clock,
    onDue: (key) => void rung.push([key, hands.clock.now() - START]),
    maxDuePerTurn,
  });
  return { wake, rung };
}

describe('a wake clock', () => {
  test('[94] rings once for what was due in the past, but not within the call', () => {
    const hands = createHands();
    const { wake, rung } = createBell(hands);
    wake.set('past', START - 5);
    wake.set('now', START);
    expect(rung).toEqual([]);
    hands.pass(DAY_MS);
    expect(rung).toEqual([
      ['past', 0],
      ['now', 0],
    ]);
  });

  test('[94] rings for all that is due at the same instant, at that instant', () => {
    const hands = createHands();
    const { wake, rung } = createBell(hands);
    for (const key of ['a', 'b', 'c']) wake.set(key, START + 1_500);
    hands.pass(1_499);
    expect(rung).toEqual([]);
    hands.pass(1);
    expect(rung).toEqual(['a', 'b', 'c'].map((key) => [key, 1_500]));
  });

  test('[94] waits forty days in pieces that a timer can hold', () => {
    const hands = createHands();
    const { wake, rung } = createBell(hands);
    wake.set('far', START + 40 * DAY_MS);
    hands.pass(40 * DAY_MS - 1);
    expect(rung).toEqual([]);
    hands.pass(1);
    expect(rung).toEqual([['far', 40 * DAY_MS]]);
    expect(hands.waits.every((ms) => ms < 2 ** 31)).toBe(true);
  });

  test('[94] neither rings early nor twice when the clock is set back an hour', () => {
    const hands = createHands();
    const { wake, rung } = createBell(hands);
    wake.set('before', START + 1_000);
    wake.set('after', START + 60_000);
    hands.pass(2_000);
    hands.jump(-HOUR_MS);
    hands.pass(HOUR_MS + 57_999);
    expect(rung).toEqual([['before', 1_000]]);
    hands.pass(DAY_MS);
    expect(rung).toEqual([
      ['before', 1_000],
      ['after', 60_000],
    ]);
  });

  test('rings within ten seconds when the clock is set forward, and at once for what is set then', () => {
    const hands = createHands();
    const { wake, rung } = createBell(hands);
    wake.set('a', START + HOUR_MS);
    hands.jump(2 * HOUR_MS);
    wake.set('b', START + 2 * HOUR_MS + 1);
    hands.pass(10_000);
    expect(rung.map(([key]) => key)).toEqual(['a', 'b']);
  });

  test('rings when a key was moved, not when it was cleared', () => {
    const hands = createHands();
    const { wake, rung } = createBell(hands);
    wake.set('sooner', START + 5_000);
    wake.set('sooner', START + 1_000);
    wake.set('later', START + 1_000);
    wake.set('later', START + 9_000);
    wake.set('never', START + 2_000);
    wake.clear('never');
    hands.pass(DAY_MS);
    expect(rung).toEqual([
      ['sooner', 1_000],
      ['later', 9_000],
    ]);
  });

  test('rings for a limited number in a turn, for the rest in the next ones', () => {
    const hands = createHands();
    const { wake, rung } = createBell(hands, 2);
    for (const key of ['a', 'b', 'c', 'd', 'e']) wake.set(key, START);
    const counts = [0, 1, 2, 3].map(() => {
      hands.turn();
      return rung.length;
    });
    expect(counts).toEqual([2, 4, 5, 5]);
  });

  test('lets what rings set and clear others', () => {
    const hands = createHands();
    const rung: string[] = [];
    const wake = createWakeClock<string>({
      clock: hands.clock,
      onDue: (key) => {
        rung.push(key);
        if (key !== 'a') return;
        wake.clear('b');
        wake.set('c', START + 3_000);
      },
    });
    wake.set('a', START + 1_000);
    wake.set('b', START + 1_000);
    hands.pass(DAY_MS);
    expect(rung).toEqual(['a', 'c']);
    expect(wake.size).toBe(0);
    expect(wake.nextTime()).toBe(Infinity);
  });

  test('does not heed the wall clock on the monotonic scale', () => {
    const hands = createHands();
    const rung: string[] = [];
    const wake = createWakeClock<string>({
      clock: hands.clock,
      onDue: (key) => void rung.push(key),
      scale: 'monotonic',
    });
    wake.set('lease', 30_000);
    hands.jump(HOUR_MS);
    hands.pass(29_999);
    expect(rung).toEqual([]);
    hands.pass(1);
    expect(rung).toEqual(['lease']);
  });

  test('is silent once closed', () => {
    const hands = createHands();
    const { wake, rung } = createBell(hands);
    wake.set('a', START + 1);
    wake.close();
    wake.set('b', START + 1);
    hands.pass(DAY_MS);
    expect(rung).toEqual([]);
  });

  test('keeps real time on the clock of the machine', async () => {
    const clock = createSystemClock();
    const rung = Promise.withResolvers<number>();
    const wake = createWakeClock<string>({ clock, onDue: () => rung.resolve(clock.now()) });
    const dueTime = clock.now() + 20;
    wake.set('a', dueTime);
    expect(await rung.promise).toBeGreaterThanOrEqual(dueTime);
    const turned = Promise.withResolvers<void>();
    clock.setNextTurn(turned.resolve);
    await turned.promise;
  });
});
