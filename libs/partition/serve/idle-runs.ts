import { PassingSet } from '#libs/collections/passing-set.ts';
import type { HotRun } from '../runs/hot-run.ts';

/** Runs in memory that nothing goes on with: the ones that became idle first leave when there are too many. */
export interface IdleRuns {
  readonly size: number;
  /** A run is covered by rows and nobody works on it. */
  add(hot: HotRun): void;
  /** A run is not idle any more, or not in memory. */
  remove(hot: HotRun): void;
}

/** Keeps at most so many runs; `evict` takes one out of memory. */
export function createIdleRuns(maxRuns: number, evict: (hot: HotRun) => void): IdleRuns {
  const runs = new PassingSet<HotRun>();

  return {
    get size() {
      return runs.size;
    },
    add: (hot) => {
      // What becomes idle again stands at the end.
      runs.delete(hot);
      runs.add(hot);
      if (runs.size <= maxRuns) return;
      const oldest = runs.maybeOldest();
      if (oldest === undefined) return;
      runs.delete(oldest);
      evict(oldest);
    },
    remove: (hot) => {
      runs.delete(hot);
    },
  };
}
