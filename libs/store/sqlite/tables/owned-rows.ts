import type { OwnedRows, OwnedTable } from '#libs/store/tables/row-writer.ts';
import type { GuardedRows } from './guarded-rows.ts';

/** The writes of all tables that an owner writes. */
export type OwnedWriters = {
  readonly [T in OwnedTable]: GuardedRows<OwnedRows[T]['row'], OwnedRows[T]['key']>;
};
