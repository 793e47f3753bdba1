import type { Clock } from '../timers/clock.ts';

/** What came of a look. */
export interface LookResult {
  /** Whether the rows could be read. */
  readonly isSeen: boolean;
  /** When the next look is due at the latest, on the monotonic clock; Infinity for no sooner than usual. */
  readonly dueMs: number;
}

/** What looks again and again. */
export interface LookLoopOptions {
  readonly clock: Clock;
  /** How often it looks where nobody asks. */
  readonly lookMs: number;
  /** Looks once. It does not reject. */
  readonly look: () => Promise<LookResult>;
}

/** Looks, one at a time. */
export interface LookLoop {
  /** Looks now, and again and again from now on. Answers whether the rows could be read. */
  start(): Promise<boolean>;
  /** Has the next look come at once. Looks that are asked for while one is under way are one look after it. */
  nudge(): void;
  stop(): void;
}

/** Between two looks that are asked for, so that a crowd of messages does not make a crowd of reads. */
const MIN_GAP_MS = 20;

/** Makes the loop. */
export function createLookLoop({ clock, lookMs, look }: LookLoopOptions): LookLoop {
  let state: 'new' | 'waiting' | 'looking' | 'stopped' = 'new';
  let isAsked = false;
  let lastMs = Number.NEGATIVE_INFINITY;
  let cancelTimer: (() => void) | undefined;

  function lookAt(ms: number): void {
    cancelTimer?.();
    const gapMs = Math.max(ms, lastMs + MIN_GAP_MS) - clock.monotonic();
    cancelTimer = clock.setTimer(Math.max(0, Math.ceil(gapMs)), () => void run());
  }

  async function run(): Promise<boolean> {
    cancelTimer?.();
    cancelTimer = undefined;
    state = 'looking';
    isAsked = false;
    lastMs = clock.monotonic();
    const { isSeen, dueMs } = await look();
    if (isStopped()) return isSeen;
    state = 'waiting';
    lookAt(isAsked ? 0 : Math.min(dueMs, lastMs + lookMs));
    return isSeen;
  }

  function isStopped(): boolean {
    return state === 'stopped';
  }

  return {
    start: () => run(),
    nudge: () => {
      if (state === 'looking') isAsked = true;
      else if (state === 'waiting' && !isAsked) {
        isAsked = true;
        lookAt(0);
      }
    },
    stop: () => {
      state = 'stopped';
      cancelTimer?.();
      cancelTimer = undefined;
    },
  };
}
