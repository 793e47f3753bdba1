import { expect, test } from 'vitest';
import { evolve } from '#libs/engine/evolve/evolve.ts';
import { ROOT } from '#libs/engine/model/run.ts';
import { NO_RULES, startCommand } from '#libs/engine/testing/scenario.ts';
import { createDispatch } from '../dispatch/dispatch.ts';
import { createHotRun, type HotRun } from '../runs/hot-run.ts';
import { incarnationFrom } from '../runs/incarnation.ts';
import type { Clock } from '../timers/clock.ts';
import { createRunClock, type RunClock } from './run-clock.ts';

const START = 1_800_000_000_000;

interface Bench {
  readonly runClock: RunClock;
  readonly hot: HotRun;
  readonly rings: readonly string[];
  /** Time passes. */
  readonly pass: (ms: number) => void;
}

/** A run whose function is to be offered after so many milliseconds, with a clock whose hands a test turns. */
function createBench(delayMs: number): Bench {
  let ms = 0;
  const timers = new Map<() => void, number>();
  const setTimer: Clock['setTimer'] = (waitMs, fn) => {
    const call = (): void => fn();
    timers.set(call, ms + waitMs);
    return () => void timers.delete(call);
  };
  const clock: Clock = {
    now: () => START + ms,
    monotonic: () => ms,
    setTimer,
    setNextTurn: (fn) => setTimer(0, fn),
  };
  const rings: string[] = [];
  const runClock = createRunClock({ clock, dispatch: createDispatch(clock), onDue: ({ runId }) => rings.push(runId) });
  const incarnation = incarnationFrom(START, new Uint8Array(10));
  const identity = { tenantId: 't', runId: 'r', incarnation, driver: 'SERVER' } as const;
  const hot = createHotRun(identity, NO_RULES, { request: undefined, retentionMs: 0, traceparent: '' });
  evolve(hot.run, { ...startCommand(), kind: 'runStarted', sequence: 1, eventTime: START });
  evolve(hot.run, {
    kind: 'taskScheduled',
    nodePath: ROOT,
    attempt: 2,
    input: undefined,
    queue: '',
    priority: 3,
    tags: [],
    notBeforeTime: START + delayMs,
    sequence: 2,
    eventTime: START,
  });
  return {
    runClock,
    hot,
    rings,
    pass: (more) => {
      ms += more;
      for (const [call, at] of Array.from(timers)) {
        if (at > ms) continue;
        timers.delete(call);
        call();
      }
    },
  };
}

test('[43] a run rings for an item that became ready between the decision and the setting of its clock', () => {
  const { runClock, hot, rings, pass } = createBench(50);
  // The process stands still for longer than the item waits.
  pass(80);
  runClock.arm(hot, START);
  pass(1);
  expect(rings).toEqual(['r']);
});

test('a run that leaves memory after its time came, and before it rang, rings still', () => {
  const { runClock, hot, rings, pass } = createBench(50);
  runClock.arm(hot, START);
  // Its timer has not been called yet.
  pass(49);
  runClock.release(hot);
  pass(2);
  expect(rings).toEqual(['r']);
});
