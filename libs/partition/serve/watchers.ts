import { PassingMap } from '#libs/collections/passing-map.ts';
import type { Topic } from '#libs/engine/effects/effect.ts';
import type { HotRun } from '../runs/hot-run.ts';

/** Somebody outside who wants to hear of a run's life. It hears only what is durable. */
export interface RunWatcher {
  /**
   * Something that the outside may know of happened: it started, ended, is held or goes on. An end is the last that
   * happens to a run; after anything else the run in memory may be ahead of what is durable.
   */
  onChange(run: HotRun, topic: Topic): void;
  /** Events up to a number are durable, whatever they are. */
  onEvents?(run: HotRun, lastSequence: number): void;
  /** The partition was lost: ask its next owner. */
  onLost(): void;
}

/** Who watches which run of a partition. */
export interface Watchers {
  readonly size: number;
  /** Adds a watcher; answers how to take it away. */
  add(id: string, watcher: RunWatcher): () => void;
  /** Whether somebody wants to hear of every event of a run. */
  hearsEvents(id: string): boolean;
  tell(hot: HotRun, topic: Topic): void;
  tellEvents(hot: HotRun, lastSequence: number): void;
  close(): void;
}

/** Watchers of no run. */
export function createWatchers(): Watchers {
  const byRun = new PassingMap<string, readonly RunWatcher[]>();
  let size = 0;
  /** How many of them hear of events. */
  let eventWatchers = 0;

  function remove(id: string, watcher: RunWatcher): void {
    const watchers = byRun.get(id);
    if (watchers === undefined || !watchers.includes(watcher)) return;
    size -= 1;
    if (watcher.onEvents !== undefined) eventWatchers -= 1;
    if (watchers.length === 1) byRun.delete(id);
    else {
      byRun.set(
        id,
        watchers.filter((other) => other !== watcher),
      );
    }
  }

  return {
    get size() {
      return size;
    },
    add: (id, watcher) => {
      const watchers = byRun.get(id);
      byRun.set(id, watchers === undefined ? [watcher] : [...watchers, watcher]);
      size += 1;
      if (watcher.onEvents !== undefined) eventWatchers += 1;
      return () => remove(id, watcher);
    },
    hearsEvents: (id) => eventWatchers > 0 && byRun.has(id),
    tell: (hot, topic) => {
      const watchers = byRun.get(hot.id);
      if (watchers !== undefined) for (const watcher of watchers) watcher.onChange(hot, topic);
    },
    tellEvents: (hot, lastSequence) => {
      const watchers = byRun.get(hot.id);
      if (watchers !== undefined) for (const watcher of watchers) watcher.onEvents?.(hot, lastSequence);
    },
    close: () => {
      const all = Array.from(byRun.values()).flat();
      byRun.clear();
      size = 0;
      eventWatchers = 0;
      for (const watcher of all) watcher.onLost();
    },
  };
}
