import { type DiaryLine, readDiary } from '../runs/diary.ts';
import type { LoadedRun } from '../runs/load.ts';

/** The longest time in which a run did not move. */
export interface Stall {
  readonly runId: string;
  /** How many moves the run had made before it. */
  readonly moves: number;
  readonly ms: number;
}

/**
 * Finds the longest time in which a run of steps did not move: from its start to its first step, from step to step, and
 * from its last step to the news of its end. What was over before `sinceMs` does not count.
 */
export function longestStall(runs: readonly LoadedRun[], diaryPath: string, sinceMs: number): Stall {
  const lines: ReadonlyMap<string, readonly DiaryLine[]> = Map.groupBy(readDiary(diaryPath), ({ runId }) => runId);
  let longest: Stall = { runId: '', moves: 0, ms: 0 };
  for (const { runId, kind, askedMs, endedMs } of runs) {
    if (kind !== 'steps' || endedMs === undefined) continue;
    const moves = (lines.get(runId) ?? []).map(({ timeMs }) => timeMs);
    let before = askedMs;
    for (const [index, move] of [...moves, endedMs].entries()) {
      if (move > sinceMs && move - before > longest.ms) longest = { runId, moves: index, ms: move - before };
      before = move;
    }
  }
  return longest;
}
