import { PassingSet } from '#libs/collections/passing-set.ts';
import type { HotRun } from '../runs/hot-run.ts';

/** The runs of a partition whose rows lack something. */
export interface DirtyRuns {
  readonly size: number;
  /** Those of them that have ended: nothing more will happen to them, and once their rows stand they leave memory. */
  readonly endedCount: number;
  add(hot: HotRun): void;
  /** A run has ended that was added before. */
  noteEnd(hot: HotRun): void;
  delete(hot: HotRun): void;
  /** Takes all of them out. */
  takeAll(): readonly HotRun[];
  /** Takes those out that ended first, at most so many. */
  takeEnded(most: number): readonly HotRun[];
  clear(): void;
}

/** Makes the table of a partition without any. */
export function createDirtyRuns(): DirtyRuns {
  const going = new PassingSet<HotRun>();
  const ended = new PassingSet<HotRun>();

  function clear(): void {
    going.clear();
    ended.clear();
  }

  return {
    get size() {
      return going.size + ended.size;
    },
    get endedCount() {
      return ended.size;
    },
    add: (hot) => {
      if (hot.ended === undefined) going.add(hot);
      else ended.add(hot);
    },
    noteEnd: (hot) => {
      if (going.delete(hot)) ended.add(hot);
    },
    delete: (hot) => {
      if (!going.delete(hot)) ended.delete(hot);
    },
    takeAll: () => {
      const all = [...going, ...ended];
      clear();
      return all;
    },
    takeEnded: (most) => {
      const taken: HotRun[] = [];
      for (const hot of ended) {
        if (taken.length >= most) break;
        taken.push(hot);
      }
      for (const hot of taken) ended.delete(hot);
      return taken;
    },
    clear,
  };
}
