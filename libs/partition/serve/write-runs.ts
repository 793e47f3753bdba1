import { DomainError } from '#libs/errors/domain-error.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import { takeRunRows } from '../rows/run-rows.ts';
import type { HotRun } from '../runs/hot-run.ts';
import type { Clock } from '../timers/clock.ts';
import type { Partition } from './partition.ts';

/** What the rows of runs are written with. */
export interface RunWriterOptions {
  readonly partition: Pick<Partition, 'state' | 'settle' | 'quarantine'>;
  readonly clock: Clock;
  /** Takes something at a boundary of the journal. */
  readonly atBoundary: <T extends object>(take: () => T) => Promise<T & { readonly position: number }>;
  readonly write: (position: number, writes: readonly RowWrite[]) => Promise<void>;
}

interface RefusedRun {
  readonly hot: HotRun;
  readonly error: unknown;
}

/**
 * Makes the writer of runs' rows. Where a store refuses what it is given, the runs are written one by one, and those whose
 * rows it refuses for good are quarantined: one run keeps no other from its rows. [journal.md 14]
 *
 * @throws what is worth to try again.
 */
export function createRunWriter(options: RunWriterOptions): (runs: readonly HotRun[]) => Promise<void> {
  const { partition, clock, atBoundary, write } = options;
  const { deletions } = partition.state;

  async function writeTogether(runs: readonly HotRun[]): Promise<void> {
    // At a boundary, so that of two states of a run the newer one always has the higher position.
    const { position, writes, unwritable } = await atBoundary(() => takeRows(runs));
    await write(position, writes);
    const bad = new Set(unwritable.map(({ hot }) => hot));
    for (const hot of runs) if (!bad.has(hot)) partition.settle(hot);
    for (const { hot, error } of unwritable) partition.quarantine(hot, unwritableFrom(error));
  }

  /** Also a run whose rows cannot be made is one run alone. */
  function takeRows(runs: readonly HotRun[]): { writes: readonly RowWrite[]; unwritable: readonly RefusedRun[] } {
    const writes: RowWrite[] = [];
    const unwritable: RefusedRun[] = [];
    const now = clock.now();
    for (const hot of runs) {
      // One that was deleted meanwhile would come back by this.
      if (deletions.has(hot.identity.incarnation)) continue;
      const before = writes.length;
      try {
        takeRunRows(hot, now, writes);
      } catch (error) {
        writes.length = before;
        unwritable.push({ hot, error });
      }
    }
    return { writes, unwritable };
  }

  async function writeApart(runs: readonly HotRun[]): Promise<void> {
    const refused: RefusedRun[] = [];
    for (const hot of runs) {
      try {
        await writeTogether([hot]);
      } catch (error) {
        if (isWorthARepeat(error)) throw error;
        refused.push({ hot, error });
      }
    }
    for (const { hot, error } of refused) {
      // Where none was written nothing tells whether it is the run or the store.
      if (!isForGood(error) && refused.length === runs.length) throw error;
      partition.quarantine(hot, unwritableFrom(error));
    }
  }

  return async (runs) => {
    try {
      await writeTogether(runs);
    } catch (error) {
      if (isWorthARepeat(error)) throw error;
      await writeApart(runs);
    }
  };
}

function unwritableFrom(cause: unknown): DomainError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new DomainError('INTERNAL', `its rows cannot be written: ${message}`, { cause });
}

/** A store that is away or busy, or a partition that is not served any more. */
function isWorthARepeat(error: unknown): boolean {
  return !(error instanceof DomainError) || error.kind === 'unavailable' || error.kind === 'corrupt';
}

function isForGood(error: unknown): boolean {
  return error instanceof DomainError && (error.kind === 'invalid' || error.reason === 'PAYLOAD_TOO_LARGE');
}
