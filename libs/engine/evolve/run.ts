import type { EventOf } from '../events/event.ts';
import type { AttributesSet, ControlCleared, ControlRequested, RunEnded, RunStarted } from '../events/run-events.ts';
import { LogError } from '../model/log-error.ts';
import { dropEntry, emptyMap, withEntry } from '../model/open-map.ts';
import { ROOT, type Run } from '../model/run.ts';
import { noSignals } from '../model/signal-buffer.ts';
import { computeWakeTime } from '../model/wake-time.ts';
import { countRecord } from './waits.ts';

/** Folds the start: what the run is, and when it times out. */
export function evolveRunStarted(run: Run, event: RunStarted, time: number): void {
  if (run.started) throw new LogError('INCONSISTENT', 'the run was started twice');
  run.started = true;
  run.workflow = event.workflow;
  run.version = event.version;
  run.definitionHash = event.definitionHash;
  run.priority = event.priority;
  run.tags = event.tags;
  run.queue = event.queue;
  run.parent = event.parent;
  run.createTime = time;
  run.deadlineTime = event.runTimeoutMs === undefined ? Infinity : time + event.runTimeoutMs;
  for (const [name, value] of Object.entries(event.attributes)) {
    run.attributes = withEntry(run.attributes, name, value);
  }
  run.wakeTime = run.deadlineTime;
}

/**
 * Folds the end: everything that was open is over. What stays is how the workers' last holds ended, so that a settle
 * that is sent again after the end is acknowledged as it was before.
 */
export function evolveRunEnded(run: Run, event: RunEnded, time: number): void {
  run.status = event.status;
  run.cancelling = false;
  run.endTime = time;
  for (const node of run.nodes.values()) {
    node.item = undefined;
    if (node.settled === undefined) dropEntry(run.nodes, node.path);
  }
  run.waits = emptyMap();
  run.children = emptyMap();
  run.openSteps = emptyMap();
  run.signals = noSignals(run.signals.received);
  run.cancel = undefined;
  run.pendingPause = undefined;
  run.pause = undefined;
  run.divergence = undefined;
  run.deadlineTime = Infinity;
  run.cleanupDeadlineTime = Infinity;
  run.wakeTime = Infinity;
}

/** Folds a pause: offered items are held from now on. */
export function evolveRunPaused(run: Run, event: EventOf<'runPaused'>): void {
  run.status = 'PAUSED';
  run.pause = { requestedBy: event.requestedBy, reason: event.reason, sinceTime: event.eventTime };
  run.wakeTime = computeWakeTime(run);
}

/** Folds a resume: held items are offered from now on. */
export function evolveRunResumed(run: Run, time: number): void {
  run.status = 'RUNNING';
  run.pause = undefined;
  run.resumeTime = time;
  run.wakeTime = computeWakeTime(run);
}

/** Folds a control: pending on a CLIENT run; on a SERVER run the name in which its clean-up will end. */
export function evolveControlRequested(run: Run, event: ControlRequested): void {
  if (event.control.kind === 'CANCEL') run.cancel = event.control;
  else run.pendingPause = event.control;
}

/** Folds the end of a pending control. */
export function evolveControlCleared(run: Run, event: ControlCleared): void {
  if (event.control === 'CANCEL') run.cancel = undefined;
  else run.pendingPause = undefined;
}

/** Folds the begin of clean-up: the code hears of the cancel at what it waits for, so nothing is waited for any more. */
export function evolveCleanupStarted(run: Run, event: EventOf<'cleanupStarted'>): void {
  run.status = 'RUNNING';
  run.cancelling = true;
  run.pause = undefined;
  run.cleanupDeadlineTime = event.deadlineTime;
  run.newsSequence = event.sequence;
  run.waits = emptyMap();
  for (const child of run.children.values()) child.awaited = 'nothing';
  for (const [key, step] of run.openSteps) if (step.state === 'retrying') dropEntry(run.openSteps, key);
  run.wakeTime = computeWakeTime(run);
}

/** Folds a divergence: the hold is over, and only another build goes on. */
export function evolveRunDiverged(run: Run, event: EventOf<'runDiverged'>): void {
  const node = run.nodes.get(ROOT);
  const item = node?.item;
  if (node === undefined || item?.lease === undefined) {
    throw new LogError('INCONSISTENT', 'a function diverged that nobody had');
  }
  node.settled = { kind: 'failed', itemSequence: item.itemSequence, fence: item.lease.fence };
  node.item = undefined;
  run.divergence = event.divergence;
  run.divergedTime = event.eventTime;
  run.wakeTime = computeWakeTime(run);
}

/** Folds attributes: the new values win, the removed names go. */
export function evolveAttributesSet(run: Run, event: AttributesSet): void {
  for (const [name, value] of Object.entries(event.attributes)) {
    run.attributes = withEntry(run.attributes, name, value);
  }
  for (const name of event.removed) dropEntry(run.attributes, name);
  countRecord(run, event.ordinal);
}

/** Folds a key of the state document: where its value is, not the value. */
export function evolveStateSet(run: Run, event: EventOf<'stateSet'>): void {
  if (event.value === undefined) dropEntry(run.stateKeys, event.key);
  else run.stateKeys = withEntry(run.stateKeys, event.key, event.sequence);
  countRecord(run, event.ordinal);
}
