import { maybeTaskId, TASK_QUEUE, taskPath } from '../model/client-path.ts';
import type { ClientState } from '../model/client-state.ts';
import { type Stand, type WantedTask, wantedTasks } from '../model/client-tasks.ts';
import { attemptOf, type OpenItem } from '../model/open-node.ts';
import type { Run } from '../model/run.ts';
import { appendRecord, type Draft } from './draft.ts';

/** Offers the tasks that are to be done where the run is going to stand, and no others. What is held stays with who holds it. */
export function offerTasks(run: Run, client: ClientState, draft: Draft, stand: Stand): void {
  const wanted = wantedTasks(stand);
  for (const { path, item } of run.nodes.values()) {
    const taskId = maybeTaskId(path);
    if (taskId === undefined || item === undefined || item.lease !== undefined) continue;
    if (!wanted.has(taskId)) appendRecord(draft, { kind: 'taskWithdrawn', nodePath: path });
  }
  for (const [taskId, task] of wanted) {
    const path = taskPath(taskId);
    const item = run.nodes.get(path)?.item;
    if (client.dead.has(path) || item?.lease !== undefined) continue;
    if (item === undefined || !isOfferedAs(item, task)) offerTask(run, draft, taskId, task);
  }
}

function isOfferedAs(item: OpenItem, task: WantedTask): boolean {
  return (
    item.priority === task.priority &&
    item.notBeforeTime === task.notBeforeTime &&
    item.tags.length === task.tags.length &&
    item.tags.every((tag, index) => tag === task.tags[index])
  );
}

/** Offers a task, as the attempt at which its node is; answers the number of the item. */
export function offerTask(run: Run, draft: Draft, taskId: string, task: WantedTask, attempt?: number): number {
  const nodePath = taskPath(taskId);
  const node = run.nodes.get(nodePath);
  return appendRecord(draft, {
    kind: 'taskScheduled',
    nodePath,
    attempt: attempt ?? (node === undefined ? 1 : attemptOf(node)),
    input: undefined,
    queue: TASK_QUEUE,
    priority: task.priority,
    tags: task.tags,
    notBeforeTime: task.notBeforeTime,
  });
}
