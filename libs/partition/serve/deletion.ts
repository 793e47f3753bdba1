import type { Blobs } from '#libs/store/blobs/blobs.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { PartitionState } from '../state/partition-state.ts';

/** Rows, and blobs, that are removed in one go. */
const MAX_ROWS = 1_000;

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
