import { TASK_QUEUE, taskPath } from '../model/client-path.ts';
import type { ClientState } from '../model/client-state.ts';
import {
  maybeLastDone,
  maybeWanted,
  type Stand,
  standAfter,
  standOf,
  type WantedTask,
  wantedTasks,
} from '../model/client-tasks.ts';
import type { OpenItem } from '../model/open-node.ts';
import type { Run } from '../model/run.ts';
import { appendRecord, type Draft } from './draft.ts';

/**
 * Offers the tasks that are to be done where the run is going to stand, and no others. What is held stays with who holds
 * it, and a retry keeps its attempt and its time. `settledTask`: one whose item is over by what was drafted before.
 */
export function offerTasks(run: Run, client: ClientState, draft: Draft, stand: Stand, settledTask?: string): void {
  const wanted = wantedTasks(stand);
  // What is offered is to be done where the run stood: of a run with thousands of items, those are few.
  for (const taskId of wantedTasks(standOf(run, client)).keys()) {
    if (!wanted.has(taskId)) withdrawTask(run, draft, taskId);
  }
  for (const [taskId, task] of wanted) {
    const path = taskPath(taskId);
    const item = taskId === settledTask ? undefined : run.nodes.get(path)?.item;
    if (client.dead.has(path) || item?.lease !== undefined) continue;
    // What was offered only to move the run on is a new task when it is to be done again.
    if (item === undefined || (client.done.has(taskId) && !stand.done.has(taskId))) {
      offerTask(draft, taskId, task, 1);
      continue;
    }
    const again = item.attempt === 1 ? task : laterTask(task, item.notBeforeTime);
    if (!isOfferedAs(item, again)) offerTask(draft, taskId, again, item.attempt);
  }
}

/**
 * Offers what a result of a task leads to: nothing, but where everything is done with it, the task once more after a
 * while. `isSettled`: the task's own item is over by what was drafted before.
 */
export function offerAfterResult(
  run: Run,
  client: ClientState,
  draft: Draft,
  taskId: string,
  isSettled: boolean,
): void {
  const after = standAfter(run, client, taskId, draft.time);
  const isLast = maybeLastDone(after) === after.justDone;
  const before = isLast ? maybeLastDone(standOf(run, client))?.[0] : undefined;
  if (before !== undefined && before !== taskId) withdrawTask(run, draft, before);
  const item = isSettled ? undefined : run.nodes.get(taskPath(taskId))?.item;
  if (item?.lease !== undefined || (isLast && client.dead.has(taskPath(taskId)))) return;
  if (!isLast) {
    if (item !== undefined) withdrawTask(run, draft, taskId);
    return;
  }
  const task = maybeWanted(after, taskId);
  if (task !== undefined) offerTask(draft, taskId, task, 1);
}

/** Takes back an offer, unless somebody holds the task. */
function withdrawTask(run: Run, draft: Draft, taskId: string): void {
  const nodePath = taskPath(taskId);
  const item = run.nodes.get(nodePath)?.item;
  if (item !== undefined && item.lease === undefined) appendRecord(draft, { kind: 'taskWithdrawn', nodePath });
}

/** The same task, not before a time. */
export function laterTask(task: WantedTask, notBeforeTime: number | undefined): WantedTask {
  if (notBeforeTime === undefined || notBeforeTime <= (task.notBeforeTime ?? 0)) return task;
  return { ...task, notBeforeTime };
}

function isOfferedAs(item: OpenItem, task: WantedTask): boolean {
  return (
    item.priority === task.priority &&
    item.notBeforeTime === task.notBeforeTime &&
    item.tags.length === task.tags.length &&
    item.tags.every((tag, index) => tag === task.tags[index])
  );
}

/** Offers a task as this attempt; answers the number of the item. */
export function offerTask(draft: Draft, taskId: string, task: WantedTask, attempt: number): number {
  return appendRecord(draft, {
    kind: 'taskScheduled',
    nodePath: taskPath(taskId),
    attempt,
    input: undefined,
    queue: TASK_QUEUE,
    priority: task.priority,
    tags: task.tags,
    notBeforeTime: task.notBeforeTime,
  });
}
