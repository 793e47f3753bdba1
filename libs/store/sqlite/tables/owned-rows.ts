import type { OwnedRows, OwnedTable, RowStamp, RowWrite } from '#libs/store/tables/row-writer.ts';
import type { GuardedRows } from './guarded-rows.ts';

/** The writes of all tables that an owner writes. */
export type OwnedWriters = {
  readonly [T in OwnedTable]: Omit<GuardedRows<OwnedRows[T]['row'], OwnedRows[T]['key']>, 'add'>;
};

/** Does one write of a round. */
export function writeRow<T extends OwnedTable>(writers: OwnedWriters, stamp: RowStamp, write: RowWrite<T>): void {
  const writer = writers[write.table];
  if ('put' in write) {
    writer.put(stamp, write.put, write.isNew);
  } else {
    writer.delete(stamp, write.delete);
  }
}
