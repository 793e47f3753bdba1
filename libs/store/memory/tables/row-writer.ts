import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { assertRowWrites } from '#libs/store/tables/row-limits.ts';
import type { OwnedTable, RowStamp, RowWrite, RowWriter } from '#libs/store/tables/row-writer.ts';
import type { IncarnationPart, OwnedWriters } from './owned-rows.ts';

/** What a writer of rounds works on. */
export interface WrittenTables {
  readonly writers: OwnedWriters;
  /** Puts a tombstone in place of a head that is of an incarnation, or of none. */
  readonly deleteHead: (stamp: RowStamp, key: IncarnationKey) => void;
  /** The tables whose rows go with their incarnation. */
  readonly incarnations: readonly IncarnationPart[];
}

/** Makes the writer of rounds. */
export function createRowWriter({ writers, deleteHead, incarnations }: WrittenTables): RowWriter {
  return {
    async writeRows(stamp, writes, signal) {
      assertRowWrites(stamp, writes);
      signal.throwIfAborted();
      for (const write of writes) {
        writeRow(writers, stamp, write);
      }
    },
    async deleteIncarnation(stamp, key, limit) {
      deleteHead(stamp, key);
      writers.pastHeads.delete(stamp, key);
      let left = limit;
      for (const part of incarnations) {
        left -= part.drop(key, left);
      }
      return incarnations.every((part) => part.isEmpty(key));
    },
    async purgeTombstones(before, limit) {
      let left = limit;
      for (const writer of Object.values(writers)) {
        left -= writer.purge(before, left);
      }
      return limit - left;
    },
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
