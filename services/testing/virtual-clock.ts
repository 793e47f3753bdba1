import type { Clock } from '#libs/partition/timers/clock.ts';

/** A clock that stands until somebody turns its hands. */
export interface VirtualClock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Time for a server: its timers end by real time too, because most of them are looks that are due now and then, and what
   * is due is decided by the hands alone.
   */
  readonly server: Clock;
  /** Time for a worker: its timers end when the hands are there, and not before. */
  readonly worker: Clock;
  /** When the next timer of the worker ends. Infinity: there is none. */
  nextTimer(): number;
  /** Turns the hands forward; then `onTurned` is called, then every timer ends that is due by then, the earliest first. */
  turnTo(time: number, onTurned: () => void): void;
  /** Ends nothing any more. */
  close(): void;
}

interface Timer {
  /** In monotonic time. */
  readonly dueMs: number;
  readonly fn: () => void;
  readonly real: NodeJS.Timeout | undefined;
}

/** Makes a clock that stands at a time. `onTimer` is called whenever one of its timers ends. */
export function createVirtualClock(startTime: number, onTimer: () => void): VirtualClock {
  // Both in whole milliseconds: a sum of fractions may never come to where a timer ends.
  let now = Math.ceil(startTime);
  let monotonic = 0;
  const forServer = new Set<Timer>();
  const forWorker = new Set<Timer>();

  function end(timers: Set<Timer>, timer: Timer): void {
    if (!timers.delete(timer)) return;
    clearTimeout(timer.real);
    onTimer();
    timer.fn();
  }

  function setNextTurn(fn: () => void): () => void {
    const immediate = setImmediate(() => {
      onTimer();
      fn();
    });
    return () => clearImmediate(immediate);
  }

  function clockOf(timers: Set<Timer>, isReal: boolean): Clock {
    return {
      now: () => now,
      monotonic: () => monotonic,
      setTimer: (ms, fn) => {
        if (ms <= 0) return setNextTurn(fn);
        const timer: Timer = {
          dueMs: monotonic + Math.ceil(ms),
          fn,
          real: isReal ? setTimeout(() => end(timers, timer), ms) : undefined,
        };
        timers.add(timer);
        return () => {
          clearTimeout(timer.real);
          timers.delete(timer);
        };
      },
      setNextTurn,
    };
  }

  return {
    now: () => now,
    server: clockOf(forServer, true),
    worker: clockOf(forWorker, false),
    nextTimer: () => {
      let dueMs = Number.POSITIVE_INFINITY;
      for (const timer of forWorker) dueMs = Math.min(dueMs, timer.dueMs);
      return now + dueMs - monotonic;
    },
    turnTo: (time, onTurned) => {
      if (time <= now) return;
      const passedMs = Math.ceil(time - now);
      monotonic += passedMs;
      now += passedMs;
      onTurned();
      const due = [forServer, forWorker].flatMap((timers) =>
        Array.from(timers, (timer) => ({ timers, timer })).filter(({ timer }) => timer.dueMs <= monotonic),
      );
      due.sort((a, b) => a.timer.dueMs - b.timer.dueMs);
      for (const { timers, timer } of due) end(timers, timer);
    },
    close: () => {
      for (const { real } of forServer) clearTimeout(real);
      forServer.clear();
      forWorker.clear();
    },
  };
}
