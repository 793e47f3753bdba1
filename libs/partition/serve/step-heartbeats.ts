import type { StepId } from '#libs/engine/model/step-id.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { runKeyFrom } from '../mailboxes/run-id-key.ts';
import { readEvents } from '../rows/read-events.ts';
import { decodeEvents, nextSequence, splitEvents } from '../runs/event-bytes.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { noteStepHeard } from '../runs/run-heartbeats.ts';
import type { Clock } from '../timers/clock.ts';
import { createWakeClock } from '../timers/wake-clock.ts';
import type { Partition } from './partition.ts';
import type { RunVisit } from './run-visit.ts';

/** When a run is looked at again whose time came while nothing could be decided. */
const LOOK_AGAIN_MS = 1_000;

/** What the heartbeats of a partition's steps need. */
export interface StepHeartbeatsOptions {
  readonly clock: Clock;
  readonly tables: Pick<StateTables, 'readSegments'>;
  readonly visit: Partition['visit'];
  readonly onTrouble: (what: string, error: unknown) => void;
}

/** Times attempts of steps out that are silent for longer than their `heartbeat_timeout`. */
export interface StepHeartbeats {
  /** Watches what is begun of a run that is in memory, as it is now. Call it after every visit that changed the run. */
  arm(hot: HotRun): void;
  /** A step is alive. */
  heard(hot: HotRun, step: StepId): void;
  /** Nothing of the run is watched any more: it was deleted, or is not served. */
  forget(hot: HotRun): void;
  close(): void;
}

interface WatchedStep {
  /** The event of its begin: another one is another attempt. */
  readonly sequence: number;
  readonly step: StepId;
  readonly attempt: number;
  /** Since when it counts as heard, in monotonic milliseconds: a run that was loaded starts anew. */
  readonly sinceMs: number;
  /** Infinity: any silence is fine, or how long is not read yet. */
  timeoutMs: number;
}

interface WatchedRun {
  readonly incarnation: string;
  readonly steps: Map<string, WatchedStep>;
}

/**
 * Makes the heartbeats of a partition's steps.
 *
 * A step is watched from the moment its begin is seen here. It is timed out by a command of its own, so a run that is not
 * in memory any more is loaded for it. A fail-over gives every step its full time again, as it does with leases.
 */
export function createStepHeartbeats({ clock, tables, visit, onTrouble }: StepHeartbeatsOptions): StepHeartbeats {
  const wakes = createWakeClock<string>({ clock, scale: 'monotonic', onDue: (id) => ring(runKeyFrom(id), id) });
  const byRun = new Map<string, WatchedRun>();

  function arm(hot: HotRun): void {
    const { id, identity, run } = hot;
    if (run.openSteps.size === 0) {
      if (byRun.size > 0) forget(hot);
      return;
    }
    let watched = byRun.get(id);
    if (watched?.incarnation !== identity.incarnation) {
      watched = { incarnation: identity.incarnation, steps: new Map() };
      byRun.set(id, watched);
    }
    const { steps } = watched;
    for (const [key, { sequence }] of steps) if (run.openSteps.get(key)?.sequence !== sequence) steps.delete(key);
    for (const [key, { state, sequence, step, attempt }] of run.openSteps) {
      if (state !== 'begun' || steps.has(key)) continue;
      const begun = { sequence, step, attempt, sinceMs: clock.monotonic(), timeoutMs: Infinity };
      steps.set(key, begun);
      watchBegun(hot, begun);
    }
    if (steps.size === 0) forget(hot);
    else setNext(hot, watched);
  }

  function forget({ id }: HotRun): void {
    if (byRun.delete(id)) wakes.clear(id);
  }

  /** Finds how long a step may be silent, which only its event says. */
  function watchBegun(hot: HotRun, begun: WatchedStep): void {
    const { sequence } = begun;
    const chunk = hot.tail.chunks.findLast(({ firstSequence }) => firstSequence <= sequence);
    if (chunk !== undefined && sequence < nextSequence(chunk)) {
      const one = splitEvents(splitEvents(chunk, sequence)[1], sequence + 1)[0];
      for (const event of decodeEvents(one, hot.baseTime)) {
        if (event.kind === 'stepBegun') begun.timeoutMs = event.heartbeatTimeoutMs ?? Infinity;
      }
      return;
    }
    const window = { afterSequence: sequence - 1, maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER };
    readEvents(tables, hot, window)
      .then(({ events: [event] }) => {
        if (event?.kind !== 'stepBegun') return;
        begun.timeoutMs = event.heartbeatTimeoutMs ?? Infinity;
        const watched = byRun.get(hot.id);
        if (watched !== undefined) setNext(hot, watched);
      })
      .catch((error: unknown) => onTrouble('the heartbeat timeout of a step cannot be read', error));
  }

  function heardMs({ heartbeats }: HotRun, key: string, { sinceMs }: WatchedStep): number {
    return Math.max(sinceMs, heartbeats?.steps.get(key) ?? 0);
  }

  /** Rings when the first step may have been silent for too long; what is heard until then is seen then. */
  function setNext(hot: HotRun, { steps }: WatchedRun): void {
    let time = Infinity;
    for (const [key, step] of steps) time = Math.min(time, heardMs(hot, key, step) + step.timeoutMs);
    wakes.set(hot.id, time);
  }

  function ring(key: RunKey, id: string): void {
    if (!byRun.has(id)) return;
    visit(key, {
      intent: 'timeOutStep',
      act: (visited) => timeOutSilent(visited, id),
      fail: () => {
        if (byRun.has(id)) wakes.set(id, clock.monotonic() + LOOK_AGAIN_MS);
      },
    });
  }

  function timeOutSilent(visited: RunVisit, id: string): void {
    const { hot } = visited;
    const watched = byRun.get(id);
    if (watched === undefined) return;
    if (hot?.identity.incarnation !== watched.incarnation) {
      byRun.delete(id);
      return;
    }
    const nowMs = clock.monotonic();
    for (const [key, watchedStep] of Array.from(watched.steps)) {
      if (nowMs - heardMs(hot, key, watchedStep) < watchedStep.timeoutMs) continue;
      const { step, attempt } = watchedStep;
      visited.perform({ kind: 'timeOutStep', step, attempt });
    }
    arm(hot);
  }

  return {
    arm,
    forget,
    heard: (hot, step) => noteStepHeard(hot, step, clock.monotonic()),
    close: () => {
      wakes.close();
      byRun.clear();
    },
  };
}
