import type { Clock } from './clock.ts';
import { createTimerHeap } from './timer-heap.ts';

/** The longest wait without a look at the clock: so late at most is noticed that the wall clock was set forward. */
const MAX_WAIT_MS = 10_000;
/** How many things ring in one turn of the event loop: few milliseconds of work, so that commands get their turn too. */
const MAX_DUE_PER_TURN = 1_000;

/** What a wake clock needs. */
export interface WakeClockOptions<T> {
  readonly clock: Clock;
  /** Called with each key whose time has come, once; its time is cleared before. It may set and clear. It must not throw. */
  readonly onDue: (key: T) => void;
  /** Whether times are those of `now()`, the default, or of `monotonic()`, as for leases. */
  readonly scale?: 'wall' | 'monotonic';
  /** How many keys ring in one turn. 1 000 by default. */
  readonly maxDuePerTurn?: number;
}

/** Rings for each key at its time: never before, and once. */
export interface WakeClock<T> {
  /** How many keys have a time. */
  readonly size: number;
  /** The earliest time, `Infinity` when there is none. */
  nextTime(): number;
  /** Gives a key its only time; one in the past rings soon, though never within this call. `Infinity` clears it. */
  set(key: T, dueTime: number): void;
  /** Forgets a key: it does not ring any more. */
  clear(key: T): void;
  /** Rings for nothing any more. Repeating it is harmless. */
  close(): void;
}

/**
 * Makes a wake clock, which is idle, armed (one timer runs), or ringing. Idle → armed when a key gets a time; armed →
 * ringing when the timer ends; ringing → armed for what is left, or idle. What is due is decided by the clock at that
 * moment alone, so that a timer that ends early, or a clock that was set back, leads to a further wait and to nothing
 * else. Every wait is cut into pieces of ten seconds, far less than a timer can hold.
 */
export function createWakeClock<T>(options: WakeClockOptions<T>): WakeClock<T> {
  const { clock, onDue, scale = 'wall', maxDuePerTurn = MAX_DUE_PER_TURN } = options;
  if (!(maxDuePerTurn >= 1)) throw new RangeError('maxDuePerTurn must be at least 1');
  const heap = createTimerHeap<T>();
  let stopTimer: (() => void) | undefined;
  /** When the timer ends, in monotonic time: the wall clock may have jumped since. */
  let endTime = Infinity;
  let isRinging = false;
  let isClosed = false;

  const readTime = (): number => (scale === 'wall' ? clock.now() : clock.monotonic());

  function disarm(): void {
    stopTimer?.();
    stopTimer = undefined;
    endTime = Infinity;
  }

  function arm(): void {
    const nextTime = heap.nextTime();
    if (isClosed || isRinging || nextTime === Infinity) return;
    const monotonicTime = clock.monotonic();
    const leftMs = nextTime - readTime();
    // Rounded up, because a timer of less than a millisecond that ends early would only be set again.
    const waitMs = Math.max(0, Math.min(Math.ceil(leftMs), MAX_WAIT_MS));
    if (monotonicTime + waitMs >= endTime) return;
    disarm();
    endTime = monotonicTime + waitMs;
    stopTimer = waitMs === 0 ? clock.setNextTurn(ring) : clock.setTimer(waitMs, ring);
  }

  function ring(): void {
    stopTimer = undefined;
    endTime = Infinity;
    isRinging = true;
    const time = readTime();
    try {
      // One at a time, because a key may be cleared or moved by what is done for one before it.
      for (let count = 0; count < maxDuePerTurn && !isClosed; count += 1) {
        const [key] = heap.takeDue(time, 1);
        if (key === undefined) break;
        onDue(key);
      }
    } finally {
      isRinging = false;
      arm();
    }
  }

  return {
    get size() {
      return heap.size;
    },
    nextTime: () => heap.nextTime(),
    set: (key, dueTime) => {
      if (isClosed) return;
      const before = heap.nextTime();
      heap.set(key, dueTime);
      if (heap.nextTime() < before) arm();
    },
    clear: (key) => {
      heap.clear(key);
      if (heap.size === 0) disarm();
    },
    close: () => {
      isClosed = true;
      disarm();
    },
  };
}
