import type { Event, EventOf } from '../events/event.ts';
import { ROOT, type Run } from '../model/run.ts';
import { stepKey } from '../model/step-id.ts';
import { type Effect, NO_EFFECTS, type Topic } from './effect.ts';
import { createItemEffects, type ItemEffects } from './item-effects.ts';
import { createRecordEffects } from './record-effects.ts';

/**
 * What the shell must do because these events were appended. `run` is the run as it was *before* them: call it after
 * `decide` and before `evolve`, because what ends is only known there. Effects inside (ready lists, holds) apply at once;
 * effects outside (workers, other partitions, notifications) only after durability [10].
 *
 * The run's next wake-up is no effect: it is the run's `wakeTime` after `evolve`, one number to arm one timer with.
 */
export function effectsOf(run: Run, events: readonly Event[]): readonly Effect[] {
  if (events.length === 1 && isQuiet(events[0])) return NO_EFFECTS;
  const effects: Effect[] = [];
  const items = createItemEffects(run, effects);
  const records = run.client === undefined ? undefined : createRecordEffects(run, run.client, effects, items);
  for (const event of events) {
    if (records !== undefined) records.add(event);
    else if (event.kind !== 'systemRecord') addEffects(run, event, events, effects, items);
  }
  records?.finish();
  addWake(events, effects, items);
  return effects;
}

/** Whether an event alone never has an effect: the records of a function are nothing to anybody else. */
function isQuiet(event: Event | undefined): boolean {
  switch (event?.kind) {
    case 'stepRecorded':
    case 'valueRecorded':
    case 'stepBegun':
    case 'stateSet':
    case 'attributesSet':
    case 'clientEvent':
      return true;
    default:
      return false;
  }
}

/** The words of a cancel come with the control, just before the clean-up that it leads to. */
function cancelReason(events: readonly Event[]): string {
  for (const event of events) if (event.kind === 'controlRequested') return event.control.reason;
  return '';
}

type NumberedEvent = Exclude<Event, { readonly kind: 'systemRecord' }>;

function addEffects(
  run: Run,
  event: NumberedEvent,
  events: readonly Event[],
  effects: Effect[],
  items: ItemEffects,
): void {
  switch (event.kind) {
    case 'taskScheduled':
      return items.schedule(event);
    case 'taskLeased':
      return items.lease(event);
    case 'taskReleased':
    case 'taskCompleted':
      return items.settle(event.nodePath, true);
    case 'taskFailed':
      return items.fail(event.nodePath, event.workerId !== '' || event.failure.type === 'NOTHING_TO_WAIT_FOR');
    case 'runDiverged':
      items.settle(ROOT, true);
      return notify(effects, 'diverged', event.sequence);
    case 'stepFailed':
      if (event.timedOut && run.openSteps.has(stepKey(event.step))) {
        items.tell({ kind: 'stepTimeout', step: event.step });
      }
      return undefined;
    case 'runStarted':
      if (event.parent !== undefined) {
        effects.push({
          kind: 'tellParent',
          parent: event.parent,
          report: { kind: 'started', version: event.version },
        });
      }
      return notify(effects, 'started', event.sequence);
    case 'runPaused':
      items.pause();
      items.tell({ kind: 'pause', reason: event.reason });
      return notify(effects, 'paused', event.sequence);
    case 'runResumed':
      items.resume();
      return notify(effects, 'resumed', event.sequence);
    case 'controlRequested':
      return notify(effects, 'control', event.sequence);
    case 'cleanupStarted':
      items.resume();
      items.tell({ kind: 'cancel', deadlineTime: event.deadlineTime, reason: cancelReason(events) });
      cancelChildren(run, effects);
      return notify(effects, 'cancelling', event.sequence);
    case 'runEnded':
      items.endAll();
      return addEndEffects(run, event, effects);
    case 'childScheduled':
      return startChild(run, event, effects);
    case 'stepRecorded':
    case 'valueRecorded':
    case 'stepBegun':
    case 'stateSet':
    case 'attributesSet':
    case 'clientEvent':
    case 'controlCleared':
    case 'timerStarted':
    case 'timerFired':
    case 'timerWithdrawn':
    case 'signalWaitStarted':
    case 'signalReceived':
    case 'signalConsumed':
    case 'signalWaitTimedOut':
    case 'childStarted':
    case 'childRejected':
    case 'childEnded':
    case 'childWaitStarted':
    case 'waitWithdrawn':
    case 'taskSkipped':
    case 'taskDeadLettered':
    case 'taskRequeued':
    case 'edgeEvaluated':
    case 'loopIterated':
    case 'raceWon':
    case 'compensationStarted':
      return undefined;
  }
}

function notify(effects: Effect[], topic: Topic, sequence: number): void {
  effects.push({ kind: 'notify', topic, sequence });
}

function cancelChildren(run: Run, effects: Effect[]): void {
  for (const { mode, runId, incarnation } of run.children.values()) {
    if (mode === 'CANCEL_WITH_PARENT') effects.push({ kind: 'cancelChild', runId, incarnation, mode });
  }
}

function addEndEffects(run: Run, event: EventOf<'runEnded'>, effects: Effect[]): void {
  const { status, output, failure } = event;
  if (status !== 'COMPLETED') cancelChildren(run, effects);
  if (run.parent !== undefined) {
    effects.push({ kind: 'tellParent', parent: run.parent, report: { kind: 'ended', status, output, failure } });
  }
  notify(effects, 'ended', event.sequence);
}

function startChild(run: Run, event: EventOf<'childScheduled'>, effects: Effect[]): void {
  const { runId, incarnation } = run.identity;
  const { workflow, version, input, options, mode } = event;
  const step = event.step;
  const nodePath = step === undefined ? event.nodePath : stepPath(step.scope, step.name);
  const parent = { runId, incarnation, nodePath, mode };
  const scheduledSequence = event.sequence;
  effects.push({
    kind: 'startChild',
    scheduledSequence,
    runId: event.runId,
    workflow,
    version,
    input,
    parent,
    options,
  });
}

function stepPath(scope: string, name: string): string {
  return scope === '' ? name : `${scope}/${name}`;
}

function addWake(events: readonly Event[], effects: Effect[], items: ItemEffects): void {
  const lease = items.rootLease();
  if (lease === undefined) return;
  const news = events.filter(isNews);
  if (news.length > 0) effects.push({ kind: 'wake', lease, events: news.map((event) => withPayload(event, events)) });
}

/** A signal that was buffered and consumed at once has its payload with the event that buffered it. */
function withPayload(event: Event, events: readonly Event[]): Event {
  if (event.kind !== 'signalConsumed' || event.receivedSequence === 0) return event;
  const received = events.find(({ sequence }) => sequence === event.receivedSequence);
  return received?.kind === 'signalReceived' ? { ...event, payload: received.signal.payload } : event;
}

/** Whether the code of a function has to hear of an event that it did not cause itself. */
function isNews(event: Event): boolean {
  switch (event.kind) {
    case 'timerFired':
    case 'signalConsumed':
    case 'signalWaitTimedOut':
    case 'childStarted':
    case 'childRejected':
    case 'childEnded':
    case 'cleanupStarted':
      return true;
    case 'stepFailed':
      return event.timedOut;
    default:
      return false;
  }
}
