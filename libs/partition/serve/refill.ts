import type { Dispatch } from '../dispatch/dispatch.ts';
import type { ListTail } from '../ready/ready-lists.ts';
import type { Clock } from '../timers/clock.ts';
import type { RowScan } from './row-scan.ts';

/** Time between two looks at lists that go on in the tables: they have a quarter of their room left then. */
const LOOK_EVERY_MS = 50;

/** Brings items that are only in the tables back into lists that have room. */
export interface Refill {
  stop(): Promise<void>;
}

/** Looks after the lists of a node; `scans` are those of the partitions that it serves. */
export function startRefill(
  dispatch: Dispatch,
  clock: Clock,
  scans: () => readonly RowScan[],
  onTrouble: (what: string, error: unknown) => void,
): Refill {
  let isStopped = false;
  let cancelTimer: (() => void) | undefined;
  let running = Promise.resolve();

  function lookLater(): void {
    if (isStopped) return;
    cancelTimer = clock.setTimer(LOOK_EVERY_MS, () => {
      running = look().finally(lookLater);
    });
  }

  async function look(): Promise<void> {
    // Taken first: a refill may end or begin what is looked at.
    for (const tail of Array.from(dispatch.lists.needsRefill())) {
      if (isStopped) return;
      try {
        await refillOne(tail);
      } catch (error) {
        if (!isStopped) onTrouble('items that wait cannot be read', error);
        return;
      }
    }
  }

  async function refillOne(tail: ListTail): Promise<void> {
    for (const scan of scans()) if (!(await scan.refill(tail.name))) return;
    dispatch.endRefill(tail);
  }

  lookLater();
  return {
    stop: async () => {
      isStopped = true;
      cancelTimer?.();
      await running;
    },
  };
}
