import type { RunKey } from '#libs/store/tables/keys.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { runKeyFrom } from '../mailboxes/run-id-key.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { HEARTBEAT_LEASE_MS, nextTimeOf } from '../runs/next-time.ts';
import type { Clock } from '../timers/clock.ts';
import { createWakeClock } from '../timers/wake-clock.ts';
import type { RunVisit } from './run-visit.ts';

/** What wakes within this time stays on the clock; the rest is found by its row. */
export const WAKE_HORIZON_MS = 60_000;

/** When a run is looked at again whose time came while nothing could be decided. */
export const RING_AGAIN_MS = 1_000;

/** What the clock of runs needs. */
export interface RunClockOptions {
  readonly clock: Clock;
  readonly dispatch: Dispatch;
  /** A run's time has come. */
  readonly onDue: (key: RunKey) => void;
}

/** Rings for each run when somebody has to look at it. */
export interface RunClock {
  /**
   * Sets the time of a run that is in memory. `now` is the time at which what is ready of it was offered: what becomes
   * ready between then and this call would else be forgotten.
   */
  arm(hot: HotRun, now: number): void;
  /** A run that is not in memory rings at a time, by its row. */
  note(id: string, time: number): void;
  /** A run leaves memory: it rings if its time is near, else its row is found in time. */
  release(hot: HotRun): void;
  /** When it rings next. Infinity: never. */
  nextTime(): number;
  /** It does not ring any more. */
  clear(hot: HotRun): void;
  /** In the visit that follows a ring: ends the holds whose worker was not heard for too long, and sets the next time. */
  handleRing(visit: RunVisit, hot: HotRun): void;
  close(): void;
}

/** Makes the clock of a partition's runs. */
export function createRunClock({ clock, dispatch, onDue }: RunClockOptions): RunClock {
  const wakes = createWakeClock<string>({ clock, onDue: (id) => onDue(runKeyFrom(id)) });

  function set(hot: HotRun, time: number): void {
    if (time === hot.armedTime) return;
    hot.armedTime = time;
    wakes.set(hot.id, time);
  }

  function silentMs(hot: HotRun, lease: { readonly sessionId: string; readonly workerId: string }): number {
    return clock.monotonic() - dispatch.heardMs(lease, hot.identity.tenantId);
  }

  /** Ends the holds whose worker was not heard for too long. [journal.md 23] */
  function expireSilent(visit: RunVisit, hot: HotRun): void {
    for (const { path, item } of Array.from(hot.run.nodes.values())) {
      const lease = item?.lease;
      if (item === undefined || lease === undefined || lease.noExpiry || lease.expireTime !== undefined) continue;
      if (silentMs(hot, lease) < HEARTBEAT_LEASE_MS) continue;
      const { itemSequence, fence } = lease;
      const proof = { incarnation: hot.identity.incarnation, nodePath: path, itemSequence, fence };
      visit.perform({ kind: 'expireLease', lease: proof });
    }
  }

  /** As `nextTimeOf`, but for holds by heartbeat: those are looked at when their worker may have been silent too long. */
  function nextRing(hot: HotRun, now: number): number {
    let time = hot.run.wakeTime;
    for (const { item } of hot.run.nodes.values()) {
      if (item === undefined) continue;
      const { lease, notBeforeTime } = item;
      if (lease === undefined) {
        if (notBeforeTime !== undefined && notBeforeTime > now) time = Math.min(time, notBeforeTime);
      } else if (lease.expireTime === undefined && !lease.noExpiry) {
        time = Math.min(time, now + HEARTBEAT_LEASE_MS - silentMs(hot, lease) + 1);
      }
    }
    return time;
  }

  return {
    arm: (hot, now) => set(hot, nextTimeOf(hot.run, now)),
    note: (id, time) => wakes.set(id, time),
    release: (hot) => {
      const now = clock.now();
      // What was about to ring still does.
      const time = Math.min(hot.armedTime, nextTimeOf(hot.run, now));
      if (time - now < WAKE_HORIZON_MS) wakes.set(hot.id, time);
      else wakes.clear(hot.id);
      hot.armedTime = Infinity;
    },
    nextTime: () => wakes.nextTime(),
    clear: (hot) => {
      hot.armedTime = Infinity;
      wakes.clear(hot.id);
    },
    handleRing: (visit, hot) => {
      hot.armedTime = Infinity;
      visit.perform({ kind: 'wake' });
      expireSilent(visit, hot);
      set(hot, nextRing(hot, visit.now));
    },
    close: () => wakes.close(),
  };
}
