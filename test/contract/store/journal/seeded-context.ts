import type { JournalContext } from '#libs/store/journal/journal-context.ts';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';
import type { JournalError } from '#libs/store/journal/journal-error.ts';
import { batchIdOf } from './records.ts';

/** A context whose batch ids can be foretold, so that two journals write the same bytes. Remembers all trouble. */
export function createSeededContext(firstBatch = 1_000_000): JournalContext & { readonly troubles: JournalError[] } {
  const troubles: JournalError[] = [];
  let batch = firstBatch;
  return {
    ...createJournalContext((error) => void troubles.push(error)),
    newBatchId: () => batchIdOf(batch++),
    random: () => 0.5,
    troubles,
  };
}
