import { durationMs, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import type { ChildStart, Park, StepRecord } from '#gen/millrace/state/v1/work_up_pb.ts';
import { keyOfStep, stepKey } from '../values/step-key.ts';
import { append, type TestRun, type TestWait } from './test-run.ts';

/** What records lead to, now or later. */
export interface TestWorld {
  /** Does something to a run from outside. */
  tell(run: TestRun, act: () => void): void;
  /** The function has to hear of an event. */
  news(run: TestRun, event: Event): void;
  /** Offers a run that nobody has. */
  offer(run: TestRun): void;
}

/** Appends the events of a record, and opens what it waits for. */
export function appendRecord(run: TestRun, frame: StepRecord | Park | ChildStart, world: TestWorld): void {
  const { ordinal, name, scope, occurrence } = frame;
  const step: StepId = { $typeName: 'millrace.state.v1.StepId', scope, name, occurrence };
  switch (frame.$typeName) {
    case 'millrace.state.v1.StepRecord':
      appendStep(run, frame, step, world);
      break;
    case 'millrace.state.v1.ChildStart': {
      const runId = frame.runId === '' ? `child-${run.log.length + 1}` : frame.runId;
      append(run, { case: 'childScheduled', value: { step, runId, workflow: frame.workflow, ordinal } });
      break;
    }
    case 'millrace.state.v1.Park':
      appendPark(run, frame, step, world);
      break;
  }
}

function appendStep(run: TestRun, frame: StepRecord, step: StepId, world: TestWorld): void {
  const { record, ordinal, attempt } = frame;
  const at = { step, ordinal, attempt: attempt === 0 ? 1 : attempt };
  switch (record.case) {
    case 'result':
      append(run, { case: 'stepRecorded', value: { ...at, result: record.value } });
      break;
    case 'begin':
      append(run, { case: 'stepBegun', value: at });
      break;
    case 'failed': {
      const { failure, retryDelay } = record.value;
      const delayMs = retryDelay === undefined ? undefined : durationMs(retryDelay);
      const retryTime = delayMs === undefined ? undefined : timestampFromMs(Date.now() + delayMs);
      append(run, {
        case: 'stepFailed',
        value: { ...at, ...(failure && { failure }), ...(retryTime && { retryTime }) },
      });
      if (delayMs !== undefined) openRetry(run, step, delayMs, world);
      break;
    }
    case 'value':
      append(run, { case: 'valueRecorded', value: { step, ordinal, value: record.value } });
      break;
    case 'set': {
      const { key, value } = record.value;
      append(run, { case: 'stateSet', value: { step, ordinal, key, ...(value && { value }) } });
      break;
    }
    case 'attributes':
      append(run, { case: 'attributesSet', value: { step, ordinal } });
      break;
    default:
      break;
  }
}

/** What a log that breaks off here has left open; timers and time-outs are over in `delayMs`. */
export function reopenWaits(run: TestRun, delayMs: () => number, world: TestWorld): void {
  const open = new Map<string, () => void>();
  for (const { kind, sequence } of run.log) {
    switch (kind.case) {
      case 'timerStarted': {
        const { step = NO_STEP } = kind.value;
        open.set(keyOf(step), () =>
          openWait(run, { kind: 'timer', step, name: '', sequence, delayMs: delayMs() }, world, { case: 'timerFired' }),
        );
        break;
      }
      case 'signalWaitStarted': {
        const { step = NO_STEP, name, untilTime } = kind.value;
        open.set(keyOf(step), () => {
          const wait = { kind: 'signal', step, name, sequence, delayMs: untilTime && delayMs() } as const;
          const opened = openWait(run, wait, world, { case: 'signalWaitTimedOut' });
          if (run.buffered.some((signal) => signal.name === name)) consumeSignal(run, opened, world);
        });
        break;
      }
      case 'signalReceived':
        run.buffered.push({ name: kind.value.signal?.name ?? '', sequence: Number(sequence) });
        break;
      case 'signalConsumed': {
        const at = run.buffered.findIndex((signal) => signal.sequence === Number(kind.value.receivedSequence));
        if (at >= 0) run.buffered.splice(at, 1);
        open.delete(keyOf(kind.value.step ?? NO_STEP));
        break;
      }
      case 'timerFired':
      case 'signalWaitTimedOut':
      case 'stepRecorded':
        open.delete(keyOf(kind.value.step ?? NO_STEP));
        break;
      case 'stepFailed': {
        const { step = NO_STEP, retryTime } = kind.value;
        open.delete(keyOf(step));
        if (retryTime !== undefined) open.set(keyOf(step), () => openRetry(run, step, delayMs(), world));
        break;
      }
      case 'cleanupStarted':
        open.clear();
        break;
      default:
        break;
    }
  }
  for (const reopen of open.values()) reopen();
}

const NO_STEP: StepId = { $typeName: 'millrace.state.v1.StepId', scope: '', name: '', occurrence: 0 };

function keyOf({ scope, name, occurrence }: StepId): string {
  return stepKey(scope, name, occurrence);
}

function openRetry(run: TestRun, step: StepId, delayMs: number, world: TestWorld): void {
  const wake = (): void =>
    world.tell(run, () => {
      closeWait(run, wait);
      world.offer(run);
    });
  const wait: TestWait = { kind: 'retry', step, startedSequence: 0, name: '', timer: setTimeout(wake, delayMs) };
  run.waits.push(wait);
}

function appendPark(run: TestRun, { wait, ordinal }: Park, step: StepId, world: TestWorld): void {
  switch (wait.case) {
    case 'timer': {
      const { due } = wait.value;
      const delayMs =
        due.case === 'delay'
          ? durationMs(due.value)
          : due.value === undefined
            ? 0
            : Math.max(0, timestampMs(due.value) - Date.now());
      const dueTime = timestampFromMs(Math.round(Date.now() + delayMs));
      const { sequence } = append(run, { case: 'timerStarted', value: { step, ordinal, dueTime } });
      // What is due already ends the wait in the same commit.
      if (delayMs <= 0)
        world.news(run, append(run, { case: 'timerFired', value: { step, startedSequence: sequence } }));
      else openWait(run, { kind: 'timer', step, name: '', sequence, delayMs }, world, { case: 'timerFired' });
      break;
    }
    case 'signal': {
      const { name, timeout } = wait.value;
      const delayMs = timeout === undefined ? undefined : durationMs(timeout);
      const untilTime = delayMs === undefined ? undefined : timestampFromMs(Date.now() + delayMs);
      const { sequence } = append(run, {
        case: 'signalWaitStarted',
        value: { step, ordinal, name, ...(untilTime && { untilTime }) },
      });
      if (delayMs === 0 && run.buffered.every((signal) => signal.name !== name)) {
        const value = { step, name, startedSequence: sequence };
        world.news(run, append(run, { case: 'signalWaitTimedOut', value }));
        break;
      }
      const open = openWait(run, { kind: 'signal', step, name, sequence, delayMs }, world, {
        case: 'signalWaitTimedOut',
      });
      if (run.buffered.some((signal) => signal.name === name)) consumeSignal(run, open, world);
      break;
    }
    case 'child': {
      const { runId } = wait.value;
      const { sequence } = append(run, { case: 'childWaitStarted', value: { step, ordinal, runId } });
      openWait(run, { kind: 'child', step, name: runId, sequence, delayMs: undefined }, world, undefined);
      break;
    }
    default:
      break;
  }
}

interface NewWait {
  readonly kind: 'timer' | 'signal' | 'child';
  readonly step: StepId;
  readonly name: string;
  readonly sequence: bigint;
  readonly delayMs: number | undefined;
}

function openWait(
  run: TestRun,
  { kind, step, name, sequence, delayMs }: NewWait,
  world: TestWorld,
  then: { readonly case: 'timerFired' | 'signalWaitTimedOut' } | undefined,
): TestWait {
  const end = (): void =>
    world.tell(run, () => {
      closeWait(run, wait);
      if (then?.case === 'timerFired') {
        world.news(run, append(run, { case: 'timerFired', value: { step, startedSequence: sequence } }));
      } else {
        world.news(run, append(run, { case: 'signalWaitTimedOut', value: { step, name, startedSequence: sequence } }));
      }
    });
  const timer = delayMs === undefined || then === undefined ? undefined : setTimeout(end, delayMs);
  const wait: TestWait = { kind, step, startedSequence: Number(sequence), name, timer };
  run.waits.push(wait);
  return wait;
}

/** A buffered signal goes to a wait; its payload stays with the event that buffered it. */
export function consumeSignal(run: TestRun, wait: TestWait, world: TestWorld): void {
  const at = run.buffered.findIndex((signal) => signal.name === wait.name);
  const [signal] = run.buffered.splice(at, 1);
  closeWait(run, wait);
  const receivedSequence = BigInt(signal?.sequence ?? 0);
  const { step, name } = wait;
  world.news(run, append(run, { case: 'signalConsumed', value: { step, name, receivedSequence } }));
}

/** A wait is over. */
export function closeWait(run: TestRun, wait: TestWait): void {
  clearTimeout(wait.timer);
  const at = run.waits.indexOf(wait);
  if (at >= 0) run.waits.splice(at, 1);
}

/** A wait is given up, if it is open. */
export function withdrawWait(run: TestRun | undefined, step: StepId | undefined): void {
  const wait = run?.waits.find((open) => keyOfStep(open.step) === keyOfStep(step));
  if (run === undefined || wait === undefined) return;
  closeWait(run, wait);
  const value = { startedSequence: BigInt(wait.startedSequence) };
  append(run, wait.kind === 'timer' ? { case: 'timerWithdrawn', value } : { case: 'waitWithdrawn', value });
}

/** Everything that a run waits for is over. */
export function closeWaits(run: TestRun): void {
  for (const { timer } of run.waits) clearTimeout(timer);
  run.waits.length = 0;
}
