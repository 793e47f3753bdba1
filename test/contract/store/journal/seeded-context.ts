import type { JournalContext } from '#libs/store/journal/journal-context.ts';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';
import type { StoreError } from '#libs/store/store-error.ts';
import { batchIdOf } from './records.ts';

/** A context whose batch ids can be foretold, so that two journals write the same bytes. Remembers all trouble. */
export function createSeededContext(firstBatch = 1_000_000): JournalContext & { readonly troubles: StoreError[] } {
  const troubles: StoreError[] = [];
  let batch = firstBatch;
  return {
    ...createJournalContext((error) => void troubles.push(error)),
    newBatchId: () => batchIdOf(batch++),
    random: () => 0.5,
    troubles,
  };
}
