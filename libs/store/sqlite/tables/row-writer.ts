import { setImmediate } from 'node:timers/promises';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { assertRow, assertRowWrites } from '#libs/store/tables/row-limits.ts';
import type { OwnedTable, RowStamp, RowWrite, RowWriter } from '#libs/store/tables/row-writer.ts';
import type { Counters } from './counters.ts';
import type { IncarnationRows } from './incarnation-rows.ts';
import type { OwnedWriters } from './owned-rows.ts';
import type { TablesFile } from './tables-file.ts';

/** Rows of one transaction: a few milliseconds, during which a step's commit may wait. [journal.md 27] */
const MAX_ROWS = 200;

/** What a writer of rounds works on. */
export interface WrittenTables {
  readonly writers: OwnedWriters;
  /** Puts a tombstone in place of a head that is of an incarnation, or of none. */
  readonly deleteHead: (stamp: RowStamp, key: IncarnationKey) => void;
  /** The tables whose rows go with their incarnation. */
  readonly incarnations: readonly IncarnationRows[];
  /** Counts that are written at the end of each transaction. */
  readonly counters: readonly Counters[];
}

/** Makes the writer of rounds. */
export function createRowWriter(file: TablesFile, tables: WrittenTables): RowWriter {
  const { writers, deleteHead, incarnations, counters } = tables;

  function transaction<T>(work: () => T): T {
    try {
      return file.transaction(() => {
        const result = work();
        for (const counter of counters) {
          counter.flush();
        }
        return result;
      });
    } catch (error) {
      for (const counter of counters) {
        counter.reset();
      }
      throw error;
    }
  }

  /** Removes rows in transactions of few, others getting their turn between two; answers how many. */
  async function removeInSlices(limit: number, remove: (most: number) => number): Promise<number> {
    let removed = 0;
    while (removed < limit) {
      const most = Math.min(limit - removed, MAX_ROWS);
      const count = transaction(() => remove(most));
      removed += count;
      if (count < most) {
        break;
      }
      await setImmediate();
    }
    return removed;
  }

  return {
    async writeRows(stamp, writes, signal) {
      assertRowWrites(stamp, writes);
      for (let start = 0; start < writes.length; start += MAX_ROWS) {
        if (start > 0) {
          await setImmediate();
        }
        signal.throwIfAborted();
        transaction(() => {
          for (const write of writes.slice(start, start + MAX_ROWS)) {
            writeRow(writers, stamp, write);
          }
        });
      }
    },
    async deleteIncarnation(stamp, key, limit) {
      assertRow('stamp', stamp);
      assertRow('incarnation', key);
      transaction(() => {
        deleteHead(stamp, key);
        writers.pastHeads.delete(stamp, key);
      });
      await removeInSlices(limit, (most) =>
        incarnations.reduce((count, rows) => count + rows.drop(key, most - count), 0),
      );
      return incarnations.every((rows) => rows.isEmpty(key));
    },
    purgeTombstones: async (before, limit) =>
      removeInSlices(limit, (most) =>
        Object.values(writers).reduce((count, writer) => count + writer.purge(before, most - count), 0),
      ),
  };
}

function writeRow<T extends OwnedTable>(writers: OwnedWriters, stamp: RowStamp, write: RowWrite<T>): void {
  const writer = writers[write.table];
  if ('put' in write) {
    writer.put(stamp, write.put);
  } else {
    writer.delete(stamp, write.delete);
  }
}
