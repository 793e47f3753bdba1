import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Command } from '#libs/engine/commands/command.ts';
import type { LeaseProof } from '#libs/engine/commands/item-commands.ts';
import { ROOT } from '#libs/engine/model/run.ts';
import type { StepId } from '#libs/engine/model/step-id.ts';
import { stepKey } from '#libs/engine/model/step-id.ts';
import { NO_RULES, startCommand } from '#libs/engine/testing/scenario.ts';
import type { SegmentRow } from '#libs/store/tables/segments.ts';
import { joinEvents } from '../runs/event-bytes.ts';
import { type HotRun, hotRunFrom } from '../runs/hot-run.ts';
import { incarnationFrom } from '../runs/incarnation.ts';
import { createTail } from '../runs/tail.ts';
import type { Clock } from '../timers/clock.ts';
import { createVisits, type RunVisit } from './run-visit.ts';
import { createStepHeartbeats, type StepHeartbeats } from './step-heartbeats.ts';

const START = 1_800_000_000_000;
const KEY = { tenantId: 'default', runId: 'order-1' };
const STEP: StepId = { scope: '', name: 'charge', occurrence: 0 };

/** A clock whose hands a test turns. */
function createHands(): { readonly clock: Clock; readonly pass: (ms: number) => void } {
  const timers = new Set<{ readonly at: number; readonly fn: () => void }>();
  let monotonic = 0;
  const setTimer = (ms: number, fn: () => void): (() => void) => {
    const timer = { at: monotonic + ms, fn };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  return {
    clock: { now: () => START + monotonic, monotonic: () => monotonic, setTimer, setNextTurn: (fn) => setTimer(0, fn) },
    pass: (ms) => {
      const end = monotonic + ms;
      for (;;) {
        const [first] = [...timers].toSorted((a, b) => a.at - b.at);
        if (first === undefined || first.at > end) break;
        timers.delete(first);
        monotonic = Math.max(monotonic, first.at);
        first.fn();
      }
      monotonic = end;
    },
  };
}

interface Bench {
  readonly pass: (ms: number) => void;
  readonly beats: StepHeartbeats;
  /** The run as it is in memory. */
  readonly hot: () => HotRun;
  readonly perform: (command: Command) => void;
  /** Records a step of the function with the next ordinal. */
  readonly begin: (heartbeatTimeoutMs: number | undefined, step?: StepId, attempt?: number) => void;
  readonly finish: (step?: StepId) => void;
  /** How often a step was timed out. */
  readonly timeouts: () => number;
  /** The journal answers no more, or again. */
  readonly setOpen: (open: boolean) => void;
  /** The run leaves memory: its log is in rows. */
  readonly evict: () => void;
  readonly loseRows: () => void;
  readonly troubles: unknown[];
}

/** A function that a worker has, visited as a partition does. */
function createBench(): Bench {
  const hands = createHands();
  const troubles: unknown[] = [];
  let rows: SegmentRow[] = [];
  let hot: HotRun | undefined;
  let position = 0;
  let timeouts = 0;
  let isOpen = true;

  const visits = createVisits({
    onEffect: (_visit, _hot, effect) => {
      if (effect.kind === 'tell' && effect.notice.kind === 'stepTimeout') timeouts += 1;
    },
    onStarted: () => undefined,
    onRecord: () => undefined,
    addEntry: () => position,
  });

  function visit(act: (visit: RunVisit) => void): void {
    const visited = visits.open(KEY, hot, hands.clock.now());
    act(visited);
    position += 1;
    visited.write();
    hot = visited.hot;
    if (hot !== undefined && visited.hasChanged) beats.arm(hot);
    visited.end();
  }

  const beats = createStepHeartbeats({
    clock: hands.clock,
    tables: {
      readSegments: () => (rows.length === 0 ? Promise.reject(new TypeError('no rows')) : Promise.resolve(rows)),
    },
    visit: (_key, task) => {
      if (isOpen) visit((visited) => task.act(visited));
      else task.fail(new TypeError('the journal is slow'));
    },
    onTrouble: (_what, error) => troubles.push(error),
  });

  visit((visited) => {
    visited.start({
      incarnation: incarnationFrom(START, new Uint8Array(10)),
      driver: 'SERVER',
      rules: NO_RULES,
      start: { request: undefined, retentionMs: 0, traceparent: '' },
      command: startCommand(),
    });
    visited.perform({
      kind: 'leaseItem',
      nodePath: ROOT,
      itemSequence: visited.hot?.run.nodes.get(ROOT)?.item?.itemSequence ?? 0,
      workerId: 'w',
      sessionId: '',
      fence: 1n,
      expiry: { kind: 'noExpiry' },
    });
  });

  const current = (): HotRun => {
    if (hot === undefined) throw new TypeError('there is no run');
    return hot;
  };
  const proof = (): LeaseProof => ({
    incarnation: current().identity.incarnation,
    nodePath: ROOT,
    itemSequence: current().run.nodes.get(ROOT)?.item?.itemSequence ?? 0,
    fence: 1n,
  });
  const perform = (command: Command): void =>
    visit((visited) => expect(visited.perform(command)).toMatchObject({ kind: 'accepted' }));
  return {
    pass: hands.pass,
    beats,
    hot: current,
    perform,
    begin: (heartbeatTimeoutMs, step = STEP, attempt = 1) =>
      perform({
        kind: 'recordStep',
        lease: proof(),
        ordinal: current().run.stepCount + 1,
        step,
        attempt,
        record: { kind: 'begin', timeoutMs: undefined, heartbeatTimeoutMs },
      }),
    finish: (step = STEP) =>
      perform({
        kind: 'recordStep',
        lease: proof(),
        ordinal: current().run.stepCount + 1,
        step,
        attempt: 1,
        record: { kind: 'result', result: undefined },
      }),
    timeouts: () => timeouts,
    setOpen: (open) => {
      isOpen = open;
    },
    evict: () => {
      const { run, start, tail, identity } = current();
      rows = [{ ...identity, segment: 0, body: joinEvents(tail.chunks, 1).bytes }];
      hot = hotRunFrom(run, start, createTail(tail.nextSequence));
    },
    loseRows: () => {
      rows = [];
    },
    troubles,
  };
}

describe('heartbeats of steps', () => {
  test('a begun step that is silent for its heartbeat timeout is timed out, once, and not before', () => {
    const { begin, pass, timeouts, hot } = createBench();
    begin(5_000);
    pass(4_999);
    expect(timeouts()).toBe(0);
    pass(1);
    expect(timeouts()).toBe(1);
    expect(hot().run.openSteps.has(stepKey(STEP))).toBe(false);
    pass(60_000);
    expect(timeouts()).toBe(1);
  });

  test('each sign of life begins the silence anew', () => {
    const { begin, pass, timeouts, beats, hot } = createBench();
    begin(5_000);
    for (let beat = 0; beat < 4; beat += 1) {
      pass(4_000);
      beats.heard(hot(), STEP);
    }
    expect(timeouts()).toBe(0);
    pass(4_999);
    expect(timeouts()).toBe(0);
    pass(1);
    expect(timeouts()).toBe(1);
  });

  test('a step without a heartbeat timeout may be silent for ever, one that has ended is not watched', () => {
    const { begin, finish, pass, timeouts } = createBench();
    begin(undefined);
    begin(1_000, { ...STEP, name: 'ship' });
    finish({ ...STEP, name: 'ship' });
    pass(86_400_000);
    expect(timeouts()).toBe(0);
  });

  test('every attempt has its own silence, and steps do not keep each other alive', () => {
    const { begin, pass, timeouts, beats, hot } = createBench();
    begin(5_000);
    begin(5_000, { ...STEP, name: 'ship' });
    pass(4_000);
    beats.heard(hot(), { ...STEP, name: 'ship' });
    begin(5_000, STEP, 2);
    pass(4_999);
    expect(timeouts()).toBe(0);
    pass(1);
    expect(timeouts()).toBe(2);
  });

  test('while nothing can be decided the step is looked at again', () => {
    const { begin, pass, timeouts, setOpen } = createBench();
    begin(5_000);
    setOpen(false);
    pass(10_000);
    expect(timeouts()).toBe(0);
    setOpen(true);
    pass(1_000);
    expect(timeouts()).toBe(1);
  });

  test('a run that left memory is timed out too', () => {
    const { begin, pass, timeouts, evict } = createBench();
    begin(5_000);
    evict();
    pass(5_000);
    expect(timeouts()).toBe(1);
  });

  test('a run that was loaded gives its steps their full time, once their begin has been read', async () => {
    const { begin, pass, beats, evict, hot, troubles, timeouts } = createBench();
    begin(5_000);
    pass(4_000);
    beats.forget(hot());
    evict();
    beats.arm(hot());
    await turn();
    pass(4_999);
    expect(timeouts()).toBe(0);
    pass(1);
    expect(timeouts()).toBe(1);
    expect(troubles).toEqual([]);
  });

  test('a begin that cannot be read is reported, and its step is left to its deadline', async () => {
    const { begin, pass, beats, evict, loseRows, hot, troubles, timeouts } = createBench();
    begin(5_000);
    beats.forget(hot());
    evict();
    loseRows();
    beats.arm(hot());
    await turn();
    pass(60_000);
    expect(timeouts()).toBe(0);
    expect(troubles).toHaveLength(1);
  });

  test('nothing rings after the end of the run, or after the close', () => {
    const ended = createBench();
    ended.begin(5_000);
    ended.perform({ kind: 'terminateRun', requestedBy: 'me', reason: '' });
    ended.pass(60_000);
    expect(ended.timeouts()).toBe(0);
    const closed = createBench();
    closed.begin(5_000);
    closed.beats.close();
    closed.pass(60_000);
    expect(closed.timeouts()).toBe(0);
  });
});
