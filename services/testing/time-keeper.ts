import type { VirtualClock } from './virtual-clock.ts';

/** What a time keeper watches. */
export interface WatchedWorld {
  readonly clock: VirtualClock;
  /** When something is due next. Infinity: never. */
  readonly nextTime: () => number;
  /** Whether no run has work, and whoever could do some is there. */
  readonly isIdle: () => boolean;
  /** The hands have moved, and nothing has come of it yet. */
  readonly onTurned: () => void;
}

/** Turns the hands of a clock. */
export interface TimeKeeper {
  /** Whether the hands jump by themselves when everything waits. */
  jumps: boolean;
  /** Something happens: a message is on its way, a timer has ended. */
  readonly note: () => void;
  /** Resolves once nothing has happened for a while. */
  settle(): Promise<void>;
  /** Turns the hands on by so many milliseconds, stopping at everything that is due on the way until all of it is done. */
  advance(ms: number): Promise<void>;
  close(): void;
}

/**
 * Turns of the event loop in which nothing happens before it is quiet: what one thing leads to within the server, as a
 * child that is started, takes a dozen turns without a message.
 */
const QUIET_TURNS = 40;

/**
 * Makes a time keeper. It is quiet, or it looks: every turn of the event loop, until nothing has happened for forty of
 * them. When it is quiet then, and idle, the hands jump to what is due next, which is something that happens.
 */
export function createTimeKeeper({ clock, nextTime, isIdle, onTurned }: WatchedWorld, jumps: boolean): TimeKeeper {
  let noted = 0;
  let seen = 0;
  let quietTurns = 0;
  let isLooking = false;
  let isClosed = false;
  let waiting: (() => void)[] = [];

  function look(): void {
    if (isClosed) return;
    quietTurns = noted === seen ? quietTurns + 1 : 0;
    seen = noted;
    if (quietTurns < QUIET_TURNS) {
      setImmediate(look);
      return;
    }
    isLooking = false;
    const settled = waiting;
    waiting = [];
    for (const resolve of settled) resolve();
    if (settled.length > 0 || !keeper.jumps || !isIdle()) return;
    const time = nextTime();
    if (Number.isFinite(time)) turnTo(time);
  }

  function turnTo(time: number): void {
    if (time <= clock.now()) return;
    clock.turnTo(time, onTurned);
    note();
  }

  function note(): void {
    noted += 1;
    if (isLooking || isClosed) return;
    isLooking = true;
    quietTurns = 0;
    setImmediate(look);
  }

  const keeper: TimeKeeper = {
    jumps,
    note,
    settle: () => {
      if (isClosed) return Promise.resolve();
      note();
      return new Promise((resolve) => waiting.push(resolve));
    },
    advance: async (ms) => {
      const end = clock.now() + ms;
      await keeper.settle();
      for (let time = nextTime(); time <= end && time > clock.now(); time = nextTime()) {
        turnTo(time);
        await keeper.settle();
      }
      turnTo(end);
      await keeper.settle();
    },
    close: () => {
      isClosed = true;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
  return keeper;
}
