import type { Clock } from '#libs/partition/timers/clock.ts';

/** Time that passes only where a test lets it, for several machines at once. */
export interface SimulatedWorld {
  /** True time in milliseconds, which no machine knows. */
  readonly nowMs: number;
  /** Calls a function at a point of true time. */
  at(ms: number, fn: () => void): void;
  /** Lets time pass until then, event by event; after each, everything that follows from it has happened. */
  runUntil(ms: number): Promise<void>;
}

/** A machine of the world: its clock runs at its own rate, and it may stand still or be gone. */
export interface SimulatedMachine {
  readonly clock: Clock;
  readonly isPaused: boolean;
  readonly isDead: boolean;
  /** Calls a function as an event of this machine: at once, when it is resumed, or never. */
  deliver(fn: () => void): void;
  pause(): void;
  resume(): void;
  kill(): void;
}

interface WorldEvent {
  readonly ms: number;
  readonly order: number;
  readonly fn: () => void;
}

/** Makes a world. `afterEvent` is called after each event, to look for what must never be. */
export function createSimulatedWorld(afterEvent: () => void): SimulatedWorld {
  const events: WorldEvent[] = [];
  let nowMs = 0;
  let order = 0;
  return {
    get nowMs() {
      return nowMs;
    },
    at: (ms, fn) => {
      const event = { ms: Math.max(ms, nowMs), order: (order += 1), fn };
      let at = events.length;
      while (at > 0 && (events[at - 1]?.ms ?? 0) <= event.ms) at -= 1;
      // The last one is the next one.
      events.splice(at, 0, event);
    },
    runUntil: async (ms) => {
      for (;;) {
        const next = events.at(-1);
        if (next === undefined || next.ms > ms) break;
        events.pop();
        nowMs = next.ms;
        next.fn();
        await new Promise(setImmediate);
        afterEvent();
      }
      nowMs = ms;
      afterEvent();
    },
  };
}

/** Makes a machine. A rate of 1.05: its clock shows 1.05 s after a second of true time. */
export function createSimulatedMachine(world: SimulatedWorld, rate = 1): SimulatedMachine {
  const startMs = world.nowMs;
  let isPaused = false;
  let isDead = false;
  let waiting: (() => void)[] = [];

  function deliver(fn: () => void): void {
    if (isDead) return;
    if (isPaused) waiting.push(fn);
    else fn();
  }

  function setTimer(ms: number, fn: () => void): () => void {
    let isOff = false;
    world.at(world.nowMs + ms / rate, () =>
      deliver(() => {
        if (!isOff) fn();
      }),
    );
    return () => {
      isOff = true;
    };
  }

  return {
    clock: {
      now: () => 1_000_000 + world.nowMs,
      monotonic: () => (world.nowMs - startMs) * rate,
      setTimer,
      setNextTurn: (fn) => setTimer(0, fn),
    },
    get isPaused() {
      return isPaused;
    },
    get isDead() {
      return isDead;
    },
    deliver,
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      const due = waiting;
      waiting = [];
      for (const fn of due) deliver(fn);
    },
    kill: () => {
      isDead = true;
      waiting = [];
    },
  };
}
