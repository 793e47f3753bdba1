import type { Clock } from './clock.ts';

/** The clock of this machine. Its timers keep the process alive until they have rung or are called off. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer: (ms, fn) => {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
    setNextTurn: (fn) => {
      const immediate = setImmediate(fn);
      return () => clearImmediate(immediate);
    },
  };
}
