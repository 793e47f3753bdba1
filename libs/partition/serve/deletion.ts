import { DomainError } from '#libs/errors/domain-error.ts';
import type { Blobs } from '#libs/store/blobs/blobs.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { PartitionState } from '../state/partition-state.ts';

/** Rows, and blobs, that are removed in one go. */
const MAX_ROWS = 1_000;

/**
 * Deleted incarnations whose rows stand still: they are kept in the checkpoint, which is one row, in some four megabytes
 * when all ids are as long as they may be.
 */
const MAX_DELETIONS = 10_000;
/** When it is worth to try again: a round removes a thousand. */
const RETRY_AFTER_MS = 1_000;

/**
 * Refuses a deletion while too many are under way.
 *
 * @throws OVERLOADED, naming the limit.
 */
export function assertMayDelete({ deletions }: Pick<PartitionState, 'deletions'>): void {
  if (deletions.size < MAX_DELETIONS) return;
  throw new DomainError('OVERLOADED', `at most ${MAX_DELETIONS} deletions are under way in a partition`, {
    metadata: { limit: 'deletions of a partition', maximum: String(MAX_DELETIONS) },
    retryAfterMs: RETRY_AFTER_MS,
  });
}

/** Whether there is room for what is removed by itself, beside what callers delete. */
export function maySweep({ deletions }: Pick<PartitionState, 'deletions'>): boolean {
  return deletions.size < MAX_DELETIONS / 2;
}

/** Removes what belongs to deleted incarnations. Answers whether anything is left. */
export type RemoveDeleted = (position: number, now: number) => Promise<boolean>;

/**
 * Makes the removal of rows and payloads of incarnations that were deleted. It goes in slices, so that a round never
 * waits long for it, and begins again after a crash: what is gone already is found gone.
 */
export function createRemoveDeleted(
  state: PartitionState,
  tables: Pick<StateTables, 'deleteIncarnation'>,
  blobs: Pick<Blobs, 'deletePayloads'>,
): RemoveDeleted {
  return async (position, now) => {
    for (const deletion of [...state.deletions.values()].slice(0, MAX_ROWS)) {
      const { tenantId, runId, incarnation } = deletion;
      const key = { tenantId, runId, incarnation };
      const isRowless = await tables.deleteIncarnation({ position, time: now }, key, MAX_ROWS);
      if (!isRowless || !(await blobs.deletePayloads(key, MAX_ROWS))) continue;
      state.deletions.delete(incarnation);
    }
    return state.deletions.size > 0;
  };
}
