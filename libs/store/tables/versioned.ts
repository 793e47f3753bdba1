/** A row outside runs: written by compare-and-set on its revision. [journal.md 26] */
export interface Versioned {
  /** 1 when inserted, one more with each replacement. */
  readonly revision: number;
}

/** A row before the store gives it a revision. */
export type Unversioned<R extends Versioned> = Omit<R, 'revision'>;

/** Rows that are replaced by compare-and-set. */
export interface VersionedTable<K, R extends Versioned> {
  read(key: K): Promise<R | undefined>;
  /** Answers `false` when the key is taken (or another unique field is), and changes nothing. */
  insert(row: Unversioned<R>): Promise<boolean>;
  /**
   * Answers `false` when the stored row has another revision, is gone, or another row has one of its unique fields, and
   * changes nothing.
   */
  replace(row: R): Promise<boolean>;
  /** Answers `false` when the stored row has another revision or is gone, and changes nothing. */
  delete(key: K, revision: number): Promise<boolean>;
}
