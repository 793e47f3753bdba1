import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';

/** What the tables in MongoDB need besides the database. */
export interface MongoTablesOptions {
  /** Makes the random mark by which a write is known again. A random UUID by default. */
  readonly newWriteId?: () => string;
  /** When a call has failed. 10 000 by default. */
  readonly timeoutMs?: number;
  /** Milliseconds since 1970, as a guess of where the newest rows lie. The clock of the machine by default. */
  readonly now?: () => number;
  /**
   * Whether the server reads rows in the order of an index. Where it sorts them instead, as DocumentDB does, long lists
   * are read by windows of time. `true` by default.
   */
  readonly sortsByIndex?: boolean;
}

/** A round of rows has this long too. [journal.md 15] */
const DEFAULT_TIMEOUT_MS = 10_000;

/** The database with what its tables need. */
export interface TablesContext extends Required<MongoTablesOptions> {
  readonly db: Db;
}

/** Completes the options. */
export function createTablesContext(db: Db, options: MongoTablesOptions): TablesContext {
  return {
    db,
    newWriteId: options.newWriteId ?? randomUUID,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    now: options.now ?? Date.now,
    sortsByIndex: options.sortsByIndex ?? true,
  };
}
