/**
 * How the nodes of CLIENT runs are named: tasks and work items stand side by side, and a task may have the name of an
 * item.
 */
const TASK = 'task/';
const ITEM = 'item/';

/**
 * The queues in which they wait. No queue that somebody names has a control character in it, so that the workers of
 * functions never see them.
 */
const TASK_QUEUE_MARK = '\u0001';
const ITEM_QUEUE_MARK = '\u0002';

/** The node of a task. */
export function taskPath(taskId: string): string {
  return TASK + taskId;
}

/** The node of a work item. */
export function itemPath(itemId: string): string {
  return ITEM + itemId;
}

/** The task of a node, or undefined when it is none. */
export function maybeTaskId(nodePath: string): string | undefined {
  return nodePath.startsWith(TASK) ? nodePath.slice(TASK.length) : undefined;
}

/** The work item of a node, or undefined when it is none. */
export function maybeItemId(nodePath: string): string | undefined {
  return nodePath.startsWith(ITEM) ? nodePath.slice(ITEM.length) : undefined;
}

/** The queue in which all tasks of CLIENT runs wait to be found. */
export const TASK_QUEUE: string = TASK_QUEUE_MARK;

/** The queue, as the ready lists know it, in which the work items of a queue wait. */
export function itemQueue(queue: string): string {
  return ITEM_QUEUE_MARK + queue;
}

/** The queue as people name it. */
export function plainQueue(queue: string): string {
  return queue.startsWith(ITEM_QUEUE_MARK) ? queue.slice(ITEM_QUEUE_MARK.length) : queue;
}
