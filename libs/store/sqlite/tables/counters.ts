import type { TablesFile } from './tables-file.ts';

/** Counts of rows by group, kept in the transaction that changes the rows. */
export interface Counters {
  /** Adds to the count of a group; written by `flush`. */
  add(group: readonly (string | number)[], change: number): void;
  /** Writes what was added, once a transaction and before its end. */
  flush(): void;
  /** Forgets what was added, for a transaction that failed. */
  reset(): void;
}

/** Makes the counts of a table whose key is the group. */
export function createCounters(file: TablesFile, table: string, columns: readonly string[]): Counters {
  const add = file.prepare(`
    INSERT INTO ${table} (${columns.join(', ')}, count) VALUES (${columns.map(() => '?').join(', ')}, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count`);
  const tidy = file.prepare(
    `DELETE FROM ${table} WHERE ${columns.map((column) => `${column} = ?`).join(' AND ')} AND count = 0`,
  );
  const changes = new Map<string, { readonly group: readonly (string | number)[]; change: number }>();

  return {
    add(group, change) {
      // No text has NUL in it.
      const key = group.join('\0');
      const known = changes.get(key);
      if (known === undefined) {
        changes.set(key, { group, change });
      } else {
        known.change += change;
      }
    },
    flush() {
      for (const { group, change } of changes.values()) {
        if (change !== 0) {
          add.run(...group, change);
        }
        if (change < 0) {
          tidy.run(...group);
        }
      }
      changes.clear();
    },
    reset: () => changes.clear(),
  };
}
