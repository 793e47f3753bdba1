import type { ClientState, Position, TaskHint } from './client-state.ts';
import type { Run } from './run.ts';

/** How a task of a CLIENT run is to be offered. */
export interface WantedTask {
  /** Absent: at once. */
  readonly notBeforeTime: number | undefined;
  readonly priority: number;
  readonly tags: readonly string[];
}

/** A task that has a result, and since when. */
type DoneTask = readonly [taskId: string, doneTime: number];

/** What decides which tasks of a CLIENT run are to be done. */
export interface Stand {
  readonly position: Position | undefined;
  readonly hints: ReadonlyMap<string, TaskHint>;
  readonly taskTags: readonly string[];
  readonly done: ReadonlyMap<string, number>;
  /** A task that is done by what is being decided, and when: the last one. */
  readonly justDone?: DoneTask;
  readonly priority: number;
  /** The signal that the position waits for, if it does, has come. */
  readonly isSignalled: boolean;
}

/** Where a run stands. */
export function standOf({ priority }: Run, client: ClientState): Stand {
  const { position, hints, taskTags, done, isSignalled } = client;
  return { position, hints, taskTags, done, priority, isSignalled };
}

/** Where a run stands once a task has a result. */
export function standAfter(run: Run, client: ClientState, taskId: string, now: number): Stand {
  return { ...standOf(run, client), justDone: [taskId, now] };
}

/** Whether the signal that a position waits for is there when a run comes to stand at it. */
export function isSignalledAt({ signals }: Run, position: Position | undefined): boolean {
  return position?.kind === 'signal' && signals.byName.has(position.name);
}

/**
 * How long a run that stands where everything is done may wait for its runtime to move it on. Then the task that was done
 * last is offered once more: whoever saved its result may have died before it saved where the run goes on.
 */
export const MOVE_ON_MS: number = 30_000;

/** The tasks that are to be done where a run stands; when all of them are, the last one, after a while. */
export function wantedTasks(stand: Stand): ReadonlyMap<string, WantedTask> {
  const wanted = new Map<string, WantedTask>();
  for (const [taskId, notBeforeTime] of tasksAt(stand)) {
    if (isOpen(stand, taskId)) wanted.set(taskId, wantedAs(stand, taskId, notBeforeTime));
  }
  if (wanted.size === 0) {
    const last = maybeLastDone(stand);
    if (last !== undefined) wanted.set(last[0], wantedAs(stand, last[0], last[1] + MOVE_ON_MS));
  }
  return wanted;
}

/** The task that was done last where a run stands and everything is done, and when that was. */
export function maybeLastDone(stand: Stand): DoneTask | undefined {
  const { done, justDone } = stand;
  if (done.size === 0 && justDone === undefined) return undefined;
  const here = new Set<string>();
  for (const [taskId] of tasksAt(stand)) {
    if (isOpen(stand, taskId)) return undefined;
    here.add(taskId);
  }
  if (justDone !== undefined && here.has(justDone[0])) return justDone;
  let last: DoneTask | undefined;
  for (const entry of done) if (here.has(entry[0])) last = entry;
  return last;
}

/** One of them, without looking at the others, or undefined when it is not to be done there. */
export function maybeWanted(stand: Stand, taskId: string): WantedTask | undefined {
  if (!isOpen(stand, taskId)) {
    const last = maybeLastDone(stand);
    return last?.[0] === taskId ? wantedAs(stand, taskId, last[1] + MOVE_ON_MS) : undefined;
  }
  if (stand.position?.kind === 'fork') {
    return stand.position.openTasks.includes(taskId) ? wantedAs(stand, taskId, undefined) : undefined;
  }
  for (const [other, notBeforeTime] of tasksAt(stand)) {
    if (other === taskId) return wantedAs(stand, taskId, notBeforeTime);
  }
  return undefined;
}

function isOpen({ done, justDone }: Stand, taskId: string): boolean {
  return taskId !== '' && !done.has(taskId) && justDone?.[0] !== taskId;
}

function wantedAs({ hints, priority, taskTags }: Stand, taskId: string, notBeforeTime: number | undefined): WantedTask {
  const hint = hints.get(taskId);
  return { notBeforeTime, priority: hint?.priority ?? priority, tags: hint?.tags ?? taskTags };
}

/** Whether a task comes after a signal that has not come yet and that is waited for without end. */
export function awaitsSignal({ position, isSignalled }: Stand, taskId: string): boolean {
  if (position?.kind !== 'signal' || position.nextTask !== taskId) return false;
  return !isSignalled && position.untilTime === undefined;
}

type Due = readonly [taskId: string, notBeforeTime: number | undefined];

function tasksAt({ position, isSignalled }: Stand): readonly Due[] {
  switch (position?.kind) {
    case undefined:
      return [];
    case 'task':
    case 'join':
    case 'loop':
      return [[position.taskId, undefined]];
    case 'fork':
      return position.openTasks.map((taskId) => [taskId, undefined]);
    case 'delay':
      return [[position.nextTask, position.untilTime]];
    case 'signal':
      if (isSignalled) return [[position.nextTask, undefined]];
      return position.untilTime === undefined ? [] : [[position.nextTask, position.untilTime]];
  }
}

/**
 * Whether a position goes on where another one was: in the same fork, of which nothing is open that was not. What was
 * done there stays done.
 */
export function isSameFork(before: Position | undefined, after: Position | undefined): boolean {
  if (before?.kind !== 'fork' || after?.kind !== 'fork') return false;
  const open = new Set(before.openTasks);
  return after.openTasks.every((taskId) => open.has(taskId));
}

/** Whether nothing of a run is offered now: it is held, or its runtime is to hear of a control first [25]. */
export function isHeldBack(run: Pick<Run, 'identity' | 'status' | 'cancel' | 'pendingPause'>): boolean {
  if (run.status === 'PAUSED') return true;
  if (run.identity.driver === 'SERVER') return false;
  return run.cancel !== undefined || run.pendingPause !== undefined;
}
