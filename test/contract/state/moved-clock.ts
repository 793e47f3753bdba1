import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#libs/partition/timers/clock.ts';

/** The clock of this machine, whose hands a test may turn forward: what is due by then rings at once. */
export interface MovedClock extends Clock {
  /** Resolves once what rang had its turn. */
  forward(ms: number): Promise<void>;
  /** Shows a later time, while no timer has rung yet. */
  jump(ms: number): void;
}

interface Timer {
  readonly dueMs: number;
  readonly ring: () => void;
  handle: NodeJS.Timeout;
}

/** What a visit and its commit take after a timer rang. */
const SETTLE_MS = 20;

/** Makes a clock that shows the time of this machine until it is turned. */
export function createMovedClock(): MovedClock {
  const timers = new Set<Timer>();
  let offsetMs = 0;
  const monotonic = (): number => performance.now() + offsetMs;
  return {
    now: () => Date.now() + offsetMs,
    monotonic,
    setTimer: (ms, fn) => {
      const ring = (): void => {
        clearTimeout(timer.handle);
        if (timers.delete(timer)) fn();
      };
      const timer: Timer = { dueMs: monotonic() + ms, ring, handle: setTimeout(() => timer.ring(), ms) };
      timers.add(timer);
      return () => {
        timers.delete(timer);
        clearTimeout(timer.handle);
      };
    },
    setNextTurn: (fn) => {
      const immediate = setImmediate(fn);
      return () => clearImmediate(immediate);
    },
    jump: (ms) => {
      offsetMs += ms;
    },
    forward: async (ms) => {
      offsetMs += ms;
      const due = [...timers].filter(({ dueMs }) => dueMs <= monotonic()).toSorted((a, b) => a.dueMs - b.dueMs);
      for (const { ring } of due) ring();
      for (const timer of timers) {
        clearTimeout(timer.handle);
        timer.handle = setTimeout(timer.ring, Math.max(0, timer.dueMs - monotonic()));
      }
      await sleep(SETTLE_MS);
    },
  };
}
