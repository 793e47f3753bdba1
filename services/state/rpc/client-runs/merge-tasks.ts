import type { AvailableTask } from '#gen/millrace/state/v1/available_task_pb.ts';
import { createDispatchOrder, type Ranked } from '#libs/partition/ready/dispatch-order.ts';
import { timeFromTimestamp } from '../wire/timestamp.ts';

/** Merges what several nodes found, each of them best first. The order within one node's is kept. */
export function mergeTasks(
  lists: ReadonlyArray<readonly AvailableTask[]>,
  limit: number,
  agingMs: number | undefined,
): readonly AvailableTask[] {
  const order = createDispatchOrder(agingMs);
  const rests = lists.map((list) => ({ list, at: 0 }));
  const merged: AvailableTask[] = [];
  while (merged.length < limit) {
    let best: { readonly rest: (typeof rests)[number]; readonly task: AvailableTask } | undefined;
    for (const rest of rests) {
      const task = rest.list[rest.at];
      if (task === undefined) continue;
      if (best === undefined || order(rankOf(task), rankOf(best.task)) < 0) best = { rest, task };
    }
    if (best === undefined) return merged;
    best.rest.at += 1;
    merged.push(best.task);
  }
  return merged;
}

function rankOf({ priority, readyTime }: AvailableTask): Ranked {
  return { priority, scheduleTime: readyTime === undefined ? 0 : timeFromTimestamp(readyTime, 'ready_time') };
}
