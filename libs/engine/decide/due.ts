import type { Event } from '../events/event.ts';
import { engineFailure } from '../model/failure.ts';
import type { HeldNode, OpenNode } from '../model/open-node.ts';
import { type OpenStep, type Wait, waitEndTime } from '../model/open-things.ts';
import type { Run } from '../model/run.ts';
import { runEndTime, scheduleToStartTime, watchesRetries } from '../model/wake-time.ts';
import { clientOf } from './client-holds.ts';
import { append, createDraft, type Draft } from './draft.ts';
import { endAnyRun, endCancelled, endRun } from './end.ts';
import { expireLease } from './leases.ts';
import { rouseFunction } from './schedule.ts';
import { timeOutStep } from './steps.ts';

/**
 * The events that are due at `now`, in the order in which they were due. What ends the run or a lease comes alone, after
 * everything that was due before it; the caller asks again until `wakeTime` lies ahead.
 */
export function decideDue(run: Run, now: number): readonly Event[] {
  const draft = createDraft(run, now);
  if (run.client !== undefined) {
    expireHolds(run, draft);
    return draft.events;
  }
  const turn = nextTurn(run);
  if (!endWaits(run, draft, Math.min(now, turn.time))) turn.take(draft);
  return draft.events;
}

/**
 * Of a CLIENT run, the holds that ran out before its end, all at once and in their order: thousands may run out together,
 * and none of them is anything to another. Then its end.
 */
function expireHolds(run: Run, draft: Draft): void {
  const endTime = runEndTime(run);
  const expired: HeldNode[] = [];
  for (const node of clientOf(run).held.values()) {
    if (expireTimeOf(node) <= draft.time && expireTimeOf(node) < endTime) expired.push(node as HeldNode);
  }
  expired.sort((a, b) => expireTimeOf(a) - expireTimeOf(b));
  for (const node of expired) expireLease(run, draft, node);
  if (expired.length === 0) endInTime(run, draft);
}

function expireTimeOf({ item }: OpenNode): number {
  return item?.lease?.expireTime ?? Infinity;
}

interface Turn {
  readonly time: number;
  readonly take: (draft: Draft) => void;
}

/** The earliest thing that ends the run or a hold. */
function nextTurn(run: Run): Turn {
  let turn: Turn = { time: runEndTime(run), take: (draft) => endInTime(run, draft) };
  for (const node of run.nodes.values()) {
    const expireTime = expireTimeOf(node);
    if (expireTime < turn.time) turn = { time: expireTime, take: (draft) => expireLease(run, draft, node as HeldNode) };
    const startTime = scheduleToStartTime(run, node);
    if (startTime < turn.time) {
      const failure = engineFailure('SCHEDULE_TO_START_TIMEOUT', 'no worker took the item in time');
      turn = { time: startTime, take: (draft) => endRun(draft, 'FAILED', { failure }) };
    }
  }
  return turn;
}

function endInTime(run: Run, draft: Draft): void {
  if (run.cancelling) return endCancelled(run, draft);
  const failure = engineFailure('RUN_TIMEOUT', 'the run took longer than it may');
  return endAnyRun(run, draft, 'FAILED', { failure });
}

/** Ends the waits and step attempts that were due by `cut`; answers whether there were any. */
function endWaits(run: Run, draft: Draft, cut: number): boolean {
  const due: Array<{ readonly time: number; readonly sequence: number; readonly thing: Wait | OpenStep }> = [];
  for (const wait of run.waits.values()) {
    const time = waitEndTime(wait);
    if (time <= cut) due.push({ time, sequence: wait.startedSequence, thing: wait });
  }
  const retries = watchesRetries(run);
  for (const step of run.openSteps.values()) {
    if (step.dueTime > cut || (step.state === 'retrying' && !retries)) continue;
    due.push({ time: step.dueTime, sequence: step.sequence, thing: step });
  }
  if (due.length === 0) return false;
  due.sort((a, b) => a.time - b.time || a.sequence - b.sequence);
  for (const { thing } of due) endWait(draft, thing);
  rouseFunction(run, draft);
  return true;
}

function endWait(draft: Draft, thing: Wait | OpenStep): void {
  if ('state' in thing) {
    // A retry that is due has no event of its own: that the function is offered again says it.
    if (thing.state === 'begun') timeOutStep(draft, thing);
    return;
  }
  const { nodePath, step, startedSequence } = thing;
  if (thing.kind === 'timer') append(draft, { kind: 'timerFired', nodePath, step, startedSequence });
  else append(draft, { kind: 'signalWaitTimedOut', nodePath, step, name: thing.name, startedSequence });
}
