import type { ReadyEntry } from '../ready/ready-entry.ts';

/** Who wants to hear when something is ready that no session took. */
export interface QueueWatchers {
  /** Hears of the entries of a tenant's queue from now on. Answers how to stop. */
  watch(tenantId: string, queue: string, onReady: (entry: ReadyEntry) => void): () => void;
  tell(entry: ReadyEntry): void;
}

/** Nobody watches. */
export function createQueueWatchers(): QueueWatchers {
  const watchers = new Map<string, Set<(entry: ReadyEntry) => void>>();
  return {
    watch: (tenantId, queue, onReady) => {
      const key = keyOf(tenantId, queue);
      // Each watch is one of its own, whoever else passes the same function.
      const watcher = (entry: ReadyEntry): void => onReady(entry);
      const known = watchers.get(key);
      if (known === undefined) watchers.set(key, new Set([watcher]));
      else known.add(watcher);
      return () => {
        const left = watchers.get(key);
        left?.delete(watcher);
        if (left?.size === 0) watchers.delete(key);
      };
    },
    tell: (entry) => {
      if (watchers.size === 0) return;
      for (const watcher of watchers.get(keyOf(entry.tenantId, entry.queue)) ?? []) watcher(entry);
    },
  };
}

function keyOf(tenantId: string, queue: string): string {
  return `${tenantId.length}:${tenantId}${queue}`;
}
