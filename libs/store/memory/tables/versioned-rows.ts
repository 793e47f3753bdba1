import { assertRow } from '#libs/store/tables/row-limits.ts';
import type { Unversioned, Versioned, VersionedTable } from '#libs/store/tables/versioned.ts';

/** Rows that are replaced by compare-and-set, and all of them. */
export interface VersionedRows<K, R extends Versioned> {
  readonly table: VersionedTable<K, R>;
  readonly rows: () => IteratorObject<R, unknown>;
}

/** What tells the rows of a table apart. */
export interface VersionedSpec<K, R extends Versioned> {
  readonly name: string;
  readonly keyOf: (row: Unversioned<R>) => K;
  readonly partsOf: (key: K) => readonly (string | number)[];
  /** What no two rows have in common besides. */
  readonly uniqueOf?: (row: Unversioned<R>) => string;
}

/** Makes an empty table. */
export function createVersionedRows<K, R extends Versioned & { readonly body: Uint8Array }>(
  spec: VersionedSpec<K, R>,
): VersionedRows<K, R> {
  const { name, keyOf, partsOf, uniqueOf } = spec;
  const rows = new Map<string, R>();
  const textOf = (key: K): string => JSON.stringify(partsOf(key));

  function isTaken(row: Unversioned<R>, text: string): boolean {
    return (
      uniqueOf !== undefined &&
      rows.entries().some(([other, stored]) => other !== text && uniqueOf(stored) === uniqueOf(row))
    );
  }

  function store(text: string, row: Unversioned<R>, revision: number): void {
    rows.set(text, { ...row, revision, body: new Uint8Array(row.body) } as R);
  }

  return {
    rows: () => rows.values(),
    table: {
      read: async (key) => rows.get(textOf(key)),
      async insert(row) {
        assertRow(name, row);
        const text = textOf(keyOf(row));
        if (rows.has(text) || isTaken(row, text)) {
          return false;
        }
        store(text, row, 1);
        return true;
      },
      async replace(row) {
        assertRow(name, row);
        const text = textOf(keyOf(row));
        if (rows.get(text)?.revision !== row.revision || isTaken(row, text)) {
          return false;
        }
        store(text, row, row.revision + 1);
        return true;
      },
      async delete(key, revision) {
        const text = textOf(key);
        return rows.get(text)?.revision === revision && rows.delete(text);
      },
    },
  };
}
