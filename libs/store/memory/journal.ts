import { createJournal } from '../journal/create-journal.ts';
import type { Journal } from '../journal/journal.ts';
import type { BackendRecord, JournalBackend } from '../journal/journal-backend.ts';
import type { JournalContext } from '../journal/journal-context.ts';

/** Records of a page: they are in memory anyway, so that this only spreads the work of a reader over turns. */
const PAGE_RECORDS = 256;

/**
 * A journal that is gone with the process. It says what the others must say, and is the fastest.
 *
 * @param backend share one to let several owners write to the same partitions.
 */
export function createMemoryJournal(
  context: JournalContext,
  backend: JournalBackend = createMemoryJournalBackend(),
): Journal {
  return createJournal(backend, context);
}

/** Each partition is a row of records in order of position. */
export function createMemoryJournalBackend(): JournalBackend {
  const partitions = new Map<number, BackendRecord[]>();
  const rowOf = (partition: number): BackendRecord[] => {
    const row = partitions.get(partition) ?? [];
    partitions.set(partition, row);
    return row;
  };

  return {
    async insert(records) {
      const outcomes = records.map((record) => {
        const row = rowOf(record.partition);
        const index = indexOf(row, record.position);
        if (row[index]?.position === record.position) return 'unknown';
        row.splice(index, 0, record);
        return 'committed';
      });
      return { outcomes };
    },
    async readOne({ partition, position }) {
      const row = rowOf(partition);
      const found = row[indexOf(row, position)];
      return found?.position === position ? found.bytes : undefined;
    },
    async readPage({ partition, from, to }) {
      const row = rowOf(partition);
      const start = indexOf(row, from);
      return row.slice(start, Math.min(indexOf(row, to + 1), start + PAGE_RECORDS));
    },
    async lastPosition(partition) {
      return rowOf(partition).at(-1)?.position ?? 0;
    },
    async deleteSome(partition, upTo) {
      partitions.set(
        partition,
        rowOf(partition).filter(({ position, isEpoch }) => isEpoch || position > upTo),
      );
      return true;
    },
  };
}

/** Where a position stands in a row, or would stand. Nearly every question is about the end. */
function indexOf(row: readonly BackendRecord[], position: number): number {
  const last = row.at(-1);
  if (last === undefined || last.position < position) return row.length;
  let low = 0;
  let high = row.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((row[middle]?.position ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
