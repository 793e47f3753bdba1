import { deepStrictEqual, fail, ok } from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { workflow } from '#libs/sdk/millrace.ts';
import { workerFunctionOf } from '#libs/sdk/run/worker-function.ts';
import { valueOf } from '#libs/sdk/values/value-codec.ts';
import type { FunctionRun, RunFunction } from '#libs/work-loop/run/function-run.ts';
import { type MemoryWorker, memoryWorker } from '#libs/work-loop/testing/memory-worker.ts';
import { TestDispatch } from '#libs/work-loop/testing/test-dispatch.ts';
import { reopenWaits } from '#libs/work-loop/testing/test-records.ts';
import { recordsOf, runOfPrefix, type TestRun } from '#libs/work-loop/testing/test-run.ts';
import { interpret, type Trace } from './interpret.ts';
import type { Program } from './program.ts';
import { createWorld } from './world.ts';

/** How a program is tried. */
export interface Trial {
  readonly program: Program;
  /** Whether the run was begun by code without the patches. */
  readonly isOld: boolean;
  readonly random: () => number;
  /** Which prefixes of the log are gone on from: all, or one that is chosen. */
  readonly prefixes: 'all' | 'one';
}

/** What one call of the function saw, and how much of it while it did what was in the log. */
interface Call extends Trace {
  /** What was asked for and given, in order. */
  readonly seen: readonly string[];
  /** How much of `seen` is a replay. */
  readonly replayed: () => number;
  readonly isLive: () => boolean;
  /** The function has returned. */
  hasEnded: boolean;
}

/** How a run is worked on. */
interface Work {
  readonly dispatch: TestDispatch;
  readonly run: TestRun;
  readonly isPatched: boolean;
  /** Opens what the run waits for. */
  readonly open?: () => void;
  /** When that is done: at once, so that it may be over before the log is replayed, or after that. */
  readonly opened?: 'at once' | 'later';
  readonly faults: Faults;
}

/** How likely something happens in each millisecond. */
interface Faults {
  /** The worker is cut off. */
  readonly cut: number;
  /** The worker is lost. */
  readonly crash: number;
  /** The lease is taken away. */
  readonly revoke: number;
  readonly pause: number;
  readonly cancel: number;
}

const QUIET: Faults = { cut: 0, crash: 0, revoke: 0, pause: 0, cancel: 0 };
/** More would keep a long log from getting anywhere. */
const MAX_FAULTS = 8;
/** The events that are told of a run that does not end. */
const MAX_TOLD = 40;
const TIMEOUT_MS = 20_000;

/**
 * Runs a program with cuts, crashes and perhaps a cancel, then replays its log, and goes on from prefixes of it.
 *
 * @throws an assertion for whatever is not as it was before.
 */
export async function checkProgram(trial: Trial): Promise<void> {
  const dispatch = dispatchOf(trial.random);
  const run = dispatch.start('r');
  try {
    await check(trial, dispatch, run);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new RangeError(`${message}\nthe log:\n${run.log.map(describe).join('\n')}`, { cause: error });
  }
}

async function check({ program, isOld, random, prefixes }: Trial, dispatch: TestDispatch, run: TestRun): Promise<void> {
  const isFaulty = random() < 0.5;
  const faults: Faults = {
    cut: isFaulty ? 0.1 : 0,
    crash: isFaulty ? 0.1 : 0,
    revoke: isFaulty ? 0.03 : 0,
    pause: isFaulty ? 0.05 : 0,
    cancel: random() < 0.3 ? 0.05 : 0,
  };
  const hasPatches = JSON.stringify(program).includes('"patched"');
  const calls = await work({ dispatch, run, isPatched: !isOld, faults });
  if (!hasPatches) checkSame(calls);
  await replayWhole(run, calls);
  const count = run.log.findLastIndex(({ kind }) => kind.case === 'runEnded');
  const chosen =
    prefixes === 'all'
      ? Array.from({ length: count + 1 }, (_, length) => length)
      : [Math.floor(random() * (count + 1))];
  for (const length of chosen) await goOnFrom(run, calls, length);

  /** The log is replayed to the same end; nothing is asked for that it does not have. */
  async function replayWhole(whole: TestRun, before: readonly Call[]): Promise<void> {
    const length = whole.log.findLastIndex(({ kind }) => kind.case === 'runEnded');
    const again = runOfPrefix(whole, length, 'again');
    const replays = await resume(again);
    const last = before.at(-1);
    const [replay] = replays;
    if (last === undefined || replay === undefined) fail('the function was not called');
    // Code that was added may run where the log has nothing more.
    if (isOld && hasPatches) return;
    checkSame([last, ...replays]);
    deepStrictEqual(replay.seen, last.seen, 'a replay sees the same');
    checkNotRun(replays, resultsOf(whole, length));
    deepStrictEqual(recordsOf(again).slice(0, recordsOf(whole).length), recordsOf(whole));
    deepStrictEqual(endOf(again), endOf(whole), 'a replay ends the same');
  }

  /** A run that was lost there goes on from what is durable. */
  async function goOnFrom(whole: TestRun, before: readonly Call[], length: number): Promise<void> {
    const rest = runOfPrefix(whole, length, 'rest');
    const opened = random() < 0.5 ? 'at once' : 'later';
    const later = await resume(rest, opened);
    const [replay] = later;
    const last = before.at(-1);
    if (last === undefined || replay === undefined) fail('the function was not called');
    const replayed = replay.replayed();
    // The mark of a patch may have been lost, and then what the log has is the old way.
    if (!hasPatches && opened === 'later') {
      deepStrictEqual(replay.seen.slice(0, replayed), last.seen.slice(0, replayed), `the first ${length} events`);
    }
    checkNotRun(later, resultsOf(whole, length));
    const again = runOfPrefix(
      rest,
      rest.log.findLastIndex(({ kind }) => kind.case === 'runEnded'),
      'rest again',
    );
    const replays = await resume(again);
    checkSame([...later.slice(-1), ...replays]);
    deepStrictEqual(endOf(again), endOf(rest), 'a replay of what went on ends the same');
  }

  async function resume(prefix: TestRun, opened: 'at once' | 'later' = 'at once'): Promise<readonly Call[]> {
    const other = dispatchOf(random);
    other.runs.set(prefix.runId, prefix);
    other.offer(prefix);
    const open = (): void => reopenWaits(prefix, () => Math.floor(random() * 3), other.world);
    return work({ dispatch: other, run: prefix, isPatched: true, open, opened, faults: QUIET });
  }

  /** Works on a run until it ends. Answers what the calls of the function saw. */
  async function work({ dispatch: to, run: worked, isPatched, open, opened, faults: chances }: Work): Promise<Call[]> {
    let isOpen = open === undefined;
    const seen: Call[] = [];
    const code = codeOf(seen, isPatched);
    const world = createWorld(to, worked, random);
    const troubles: string[] = [];
    const start = (): MemoryWorker =>
      memoryWorker(to, code, {
        limits: { divergenceMs: 300, yieldMs: random() < 0.3 ? 2 : 1_000 },
        lateTurns: () => Math.floor(random() * 3),
        onTrouble: ({ message }) => troubles.push(message),
      });
    let worker = start();
    let faults = 0;
    const happens = (chance: number): boolean => {
      if (faults >= MAX_FAULTS || random() >= chance) return false;
      faults += 1;
      return true;
    };
    const end = Date.now() + TIMEOUT_MS;
    while (worked.status === 'open') {
      if (Date.now() > end) {
        const { holder, isPaused, isReady, log, waits } = worked;
        const credits = holder === undefined ? undefined : to.creditsOf(holder);
        const state = { holder, credits, isPaused, isReady, waits: waits.map(({ kind }) => kind) };
        fail(`does not end: ${JSON.stringify(state)}\n${log.slice(-MAX_TOLD).map(describe).join('\n')}`);
      }
      if (!isOpen && (opened === 'at once' || seen.at(-1)?.isLive() === true)) {
        isOpen = true;
        open?.();
      }
      await pause(1);
      if (isOpen) world.tick();
      if (happens(chances.cut)) worker.cut();
      if (happens(chances.revoke)) to.revoke(worked);
      if (worked.isPaused) to.resume(worked);
      else if (happens(chances.pause)) to.pause(worked);
      if (!worked.isCancelling && worked.status === 'open' && happens(chances.cancel)) to.cancel(worked);
      if (happens(chances.crash)) {
        worker.close();
        to.forgetSessions();
        worker = start();
      }
    }
    worker.close();
    to.close();
    deepStrictEqual(troubles, []);
    ok(worked.status !== 'diverged', `diverged: ${JSON.stringify(worked.log.at(-1)?.kind.value)}`);
    ok(worked.failure?.type !== 'MixedUpError', worked.failure?.message);
    return seen;
  }

  function codeOf(into: Call[], isPatched: boolean): RunFunction {
    const flow = workflow('flow', async (ctx) => {
      const call = into.at(-1);
      if (call === undefined) fail('not called');
      try {
        return await interpret(ctx, program, { trace: call, random, isPatched });
      } finally {
        // What was left behind is nobody's business from here on.
        call.hasEnded = true;
      }
    });
    const large = { isLarge: () => false, settle: (payload: never) => payload, load: async () => undefined };
    const { code } = workerFunctionOf(flow, { large, writeLog: () => undefined, build: '' });
    return (functionRun) => {
      into.push(callOf(functionRun));
      return code(functionRun);
    };
  }
}

/** A server whose logs come at once, or in pieces. */
function dispatchOf(random: () => number): TestDispatch {
  const dispatch = new TestDispatch();
  if (random() < 0.5) return dispatch;
  dispatch.maxHistory = 1 + Math.floor(random() * 20);
  dispatch.maxChunk = 1 + Math.floor(random() * 5);
  dispatch.sendsChunksApart = random() < 0.5;
  return dispatch;
}

function callOf(run: FunctionRun): Call {
  let replayed = 0;
  const seen: string[] = [];
  const call: Call = {
    seen,
    ran: [],
    see: (entry) => {
      if (call.hasEnded) return;
      seen.push(entry);
      if (run.isReplaying) replayed = seen.length;
    },
    replayed: () => replayed,
    isLive: () => !run.isReplaying,
    hasEnded: false,
  };
  return call;
}

/** Each call sees what the one before saw, as far as both came. */
function checkSame(calls: readonly Call[]): void {
  for (const [index, { seen }] of calls.entries()) {
    const before = calls[index - 1]?.seen ?? [];
    const common = Math.min(seen.length, before.length);
    deepStrictEqual(seen.slice(0, common), before.slice(0, common), `call ${index} sees what the one before saw`);
  }
}

/** What has a result is not run again. */
function checkNotRun(calls: readonly Call[], results: ReadonlySet<unknown>): void {
  for (const { ran } of calls) for (const path of ran) ok(!results.has(path), `${path} ran again`);
}

/** The places whose steps have a result in the log. */
function resultsOf({ log }: TestRun, length: number): ReadonlySet<unknown> {
  const results = log.slice(0, length).flatMap(({ kind }) => (kind.case === 'stepRecorded' ? [kind.value.result] : []));
  return new Set(results.map((result) => valueOf(result, 'result')));
}

function endOf({ status, output, failure }: TestRun) {
  return { status, output: valueOf(output, 'output'), failure: failure?.message };
}

function describe({ sequence, kind }: Event): string {
  const { case: name, value } = kind;
  const step = value !== undefined && 'step' in value ? value.step : undefined;
  return `${sequence} ${name} ${step === undefined ? '' : `${step.scope} ${step.name} ${step.occurrence}`}`;
}
