import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import { slotOfRun } from '#libs/store/tables/row-slots.ts';
import type { TablesFile, Values } from './tables-file.ts';

/** The rows of a table that go with their incarnation. */
export interface IncarnationRows {
  /** Removes at most `limit` of them, with no tombstones in their place; answers how many. */
  drop(key: IncarnationKey, limit: number): number;
  isEmpty(key: IncarnationKey): boolean;
}

/** The columns that rows of an incarnation begin their keys with. */
export const INCARNATION_COLUMNS: readonly string[] = ['slot', 'tenant_id', 'run_id', 'incarnation'];

/** The condition that a row is of an incarnation; its values are those of `incarnationValues`. */
export const OF_INCARNATION = 'slot = ? AND tenant_id = ? AND run_id = ? AND incarnation = ? AND deleted_time IS NULL';

/** The values of the columns that rows of an incarnation begin their keys with. */
export function incarnationValues(key: IncarnationKey): Values {
  return [slotOfRun(key), key.tenantId, key.runId, key.incarnation];
}

/** Makes the removal of a table's rows by incarnation. */
export function createIncarnationRows(file: TablesFile, table: string): IncarnationRows {
  const drop = file.prepare(
    `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${OF_INCARNATION} LIMIT ?)`,
  );
  const one = file.prepare(`SELECT id FROM ${table} WHERE ${OF_INCARNATION} LIMIT 1`);
  return {
    drop: (key, limit) => drop.run(...incarnationValues(key), limit).changes,
    isEmpty: (key) => one.get(...incarnationValues(key)) === undefined,
  };
}
