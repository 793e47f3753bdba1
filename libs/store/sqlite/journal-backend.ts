import type { AppendOutcome } from '../journal/journal.ts';
import type { BackendRecord, InsertResult, JournalBackend, StoredBytes } from '../journal/journal-backend.ts';
import { MAX_POSITION } from '../journal/record-format.ts';
import { StoreError } from '../store-error.ts';
import { readErrorFromSqlite, writeErrorFromSqlite } from './journal-errors.ts';
import { type JournalFile, positionOfRowKey, rowKeyOf } from './journal-file.ts';

/** A page ends with the record that goes over either. */
const PAGE_RECORDS = 256;
const PAGE_BYTES = 4 * 1024 * 1024;
/** Records of one delete: a few milliseconds, during which a commit waits. */
const TRIM_RECORDS = 256;

/** The journal in an open file, whose name is for messages. */
export function createSqliteJournalBackend(opened: JournalFile, file: string): JournalBackend {
  /** Set once the journal cannot be believed any more. Nothing but a new process helps. [journal.md 9] */
  let broken: StoreError | undefined;

  function assertUsable(): void {
    if (broken !== undefined) throw broken;
    if (!opened.database.isOpen) throw new StoreError('closed', `the journal ${file} is closed`);
  }

  function writeFailure(error: unknown): StoreError {
    const failed = writeErrorFromSqlite(error, file);
    if (failed.problem === 'broken') broken ??= failed;
    return failed;
  }

  async function reading<T>(work: () => T): Promise<T> {
    assertUsable();
    try {
      return work();
    } catch (error) {
      throw readErrorFromSqlite(error, file);
    }
  }

  return {
    async insert(records) {
      try {
        assertUsable();
        return { outcomes: insertAll(opened, records) };
      } catch (error) {
        return failedInsert(opened, records, writeFailure(error));
      }
    },

    readOne: ({ partition, position }) =>
      reading(() => {
        const row = opened.readOne.get(rowKeyOf(partition, position)) as [Uint8Array] | undefined;
        return row?.[0];
      }),

    readPage: ({ partition, from, to }) =>
      reading(() => {
        const page: StoredBytes[] = [];
        let bytes = 0;
        // Ending the iteration ends the read transaction. [journal.md 27]
        for (const row of opened.readRange.iterate(rowKeyOf(partition, from), rowKeyOf(partition, to))) {
          const [key, record] = row as unknown as [number, Uint8Array];
          page.push({ position: positionOfRowKey(key), bytes: record });
          bytes += record.length;
          if (page.length >= PAGE_RECORDS || bytes >= PAGE_BYTES) break;
        }
        return page;
      }),

    lastPosition: (partition) =>
      reading(() => {
        const row = opened.lastKey.get(rowKeyOf(partition, 0), rowKeyOf(partition, MAX_POSITION));
        return row === undefined ? 0 : positionOfRowKey((row as unknown as [number])[0]);
      }),

    async deleteSome(partition, upTo) {
      assertUsable();
      try {
        return deleteOldest(opened, partition, upTo);
      } catch (error) {
        throw writeFailure(error);
      }
    },
  };
}

/** One transaction for all; a key that is taken keeps none of the others out. */
function insertAll(opened: JournalFile, records: readonly BackendRecord[]): AppendOutcome[] {
  // A statement alone is a transaction of its own.
  const isMany = records.length > 1;
  if (isMany) opened.begin.run();
  const outcomes = records.map(({ partition, position, isEpoch, bytes }) => {
    const { changes } = opened.insert.run(rowKeyOf(partition, position), isEpoch ? 1 : 0, bytes);
    return changes === 1 ? 'committed' : 'unknown';
  });
  if (isMany) opened.commit.run();
  return outcomes;
}

function failedInsert(
  { database, rollback }: JournalFile,
  records: readonly BackendRecord[],
  error: StoreError,
): InsertResult {
  if (database.isOpen && database.isTransaction) {
    try {
      rollback.run();
    } catch {
      // The error that led here says what is wrong.
    }
  }
  return { outcomes: records.map(() => 'unknown'), error };
}

function deleteOldest({ trimmable, deleteRange }: JournalFile, partition: number, upTo: number): boolean {
  const end = rowKeyOf(partition, Math.min(upTo, MAX_POSITION));
  const keys = trimmable.all(rowKeyOf(partition, 0), end, TRIM_RECORDS) as unknown as [number][];
  const first = keys[0];
  const last = keys.at(-1);
  if (first === undefined || last === undefined) return true;
  deleteRange.run(first[0], last[0]);
  return keys.length < TRIM_RECORDS;
}
