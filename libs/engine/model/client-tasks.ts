import type { ClientState, Position, TaskHint } from './client-state.ts';
import type { Run } from './run.ts';

/** How a task of a CLIENT run is to be offered. */
export interface WantedTask {
  /** Absent: at once. */
  readonly notBeforeTime: number | undefined;
  readonly priority: number;
  readonly tags: readonly string[];
}

/** What decides which tasks of a CLIENT run are to be done. */
export interface Stand {
  readonly position: Position | undefined;
  readonly hints: ReadonlyMap<string, TaskHint>;
  readonly taskTags: readonly string[];
  readonly done: ReadonlySet<string>;
  readonly priority: number;
  readonly hasSignal: (name: string) => boolean;
}

/** Where a run stands. */
export function standOf(run: Run, { position, hints, taskTags, done }: ClientState): Stand {
  const { priority, signals } = run;
  return { position, hints, taskTags, done, priority, hasSignal: (name) => signals.byName.has(name) };
}

/** The tasks that are to be done where a run stands. */
export function wantedTasks(stand: Stand): ReadonlyMap<string, WantedTask> {
  const wanted = new Map<string, WantedTask>();
  for (const [taskId, notBeforeTime] of tasksAt(stand)) {
    if (taskId === '' || stand.done.has(taskId)) continue;
    const hint = stand.hints.get(taskId);
    wanted.set(taskId, {
      notBeforeTime,
      priority: hint?.priority ?? stand.priority,
      tags: hint?.tags ?? stand.taskTags,
    });
  }
  return wanted;
}

type Due = readonly [taskId: string, notBeforeTime: number | undefined];

function tasksAt({ position, hasSignal }: Stand): readonly Due[] {
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
      if (hasSignal(position.name)) return [[position.nextTask, undefined]];
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
