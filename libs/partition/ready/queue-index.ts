import type { ListName } from './ready-entry.ts';
import type { ReadyList } from './ready-list.ts';

/** The lists of each queue of each tenant, so that a look at one queue costs nothing for the others. */
export interface QueueIndex {
  add(list: ReadyList): void;
  delete(list: ReadyList): void;
  listsOf(tenantId: string, queue: string): Iterable<ReadyList>;
}

const NONE: readonly ReadyList[] = [];

/** An index of no lists. */
export function createQueueIndex(): QueueIndex {
  const queues = new Map<string, Set<ReadyList>>();
  return {
    add: (list) => {
      const key = keyOf(list.name);
      const lists = queues.get(key);
      if (lists === undefined) queues.set(key, new Set([list]));
      else lists.add(list);
    },
    delete: (list) => {
      const key = keyOf(list.name);
      const lists = queues.get(key);
      lists?.delete(list);
      if (lists?.size === 0) queues.delete(key);
    },
    listsOf: (tenantId, queue) => queues.get(keyOf({ tenantId, queue })) ?? NONE,
  };
}

function keyOf({ tenantId, queue }: Pick<ListName, 'tenantId' | 'queue'>): string {
  return `${tenantId.length}:${tenantId}${queue}`;
}
