import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { StoreError } from '#libs/store/store-error.ts';
import { tablesErrorFromSqlite } from './tables-errors.ts';

/** The log is cut back to this after a checkpoint: a burst leaves no large file behind. */
const LOG_BYTES = 64 * 1024 * 1024;
/** Pages that stay in memory, in KiB: the inner pages of the indexes of some million rows. A thread has as many again. */
const CACHE_KIB = 32 * 1024;
/** How long another connection may stand in the way. None should: the folder is locked for this process. */
const BUSY_TIMEOUT_MS = 1_000;

/** Parameters of a statement, in order. */
export type Values = readonly SQLInputValue[];

/** A row as SQLite answers it, by column. */
export type SqlRow = Readonly<Record<string, SQLOutputValue>>;

/** A statement that is prepared once. Its errors are named: see `tablesErrorFromSqlite`. */
export interface Statement {
  get(...values: Values): SqlRow | undefined;
  all(...values: Values): readonly SqlRow[];
  /** Answers how many rows were changed, and the id of the last that was inserted. */
  run(...values: Values): { readonly changes: number; readonly lastId: number };
}

/** An open connection to the file of a store's tables, whose statements take no turns but the callers'. */
export interface TablesFile extends Disposable {
  readonly path: string;
  /** The connection, for what has no parameters and for tests. */
  readonly database: DatabaseSync;
  /** Runs statements that have no parameters. */
  exec(sql: string): void;
  /** Prepares a statement, or answers the one that was. `sql` is made of constants, never of a user's text. */
  prepare(sql: string): Statement;
  /** Every statement that was prepared, for tests that look at their plans. */
  statements(): readonly string[];
  /** Does `work` in one transaction: all of it or, when it throws, nothing. */
  transaction<T>(work: () => T): T;
  /** Reads by several statements that see one state of the file, whoever writes to it meanwhile. [journal.md 27] */
  atOnce<T>(read: () => T): T;
  /** @throws StoreError when nothing can be done any more. */
  assertUsable(): void;
  /** Notes that the file cannot be believed any more: from now on everything fails with this. [journal.md 9] */
  breakWith(error: StoreError): void;
}

/**
 * Opens a file of tables, making it where it is missing. Commits are durable. `onBroken` hears when the file cannot be
 * believed any more.
 *
 * @throws StoreError when it cannot be opened or written.
 */
export function openTablesFile(path: string, onBroken?: (error: StoreError) => void): TablesFile {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false });
  } catch (error) {
    throw tablesErrorFromSqlite(error, path);
  }
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA journal_size_limit = ${LOG_BYTES};
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA temp_store = MEMORY;
    `);
  } catch (error) {
    database.close();
    throw tablesErrorFromSqlite(error, path);
  }
  return createTablesFile(database, path, onBroken);
}

function createTablesFile(
  database: DatabaseSync,
  path: string,
  onBroken: (error: StoreError) => void = () => {},
): TablesFile {
  const prepared = new Map<string, Statement>();
  /** Set once the file cannot be believed any more. Nothing but a new process helps. [journal.md 9] */
  let broken: StoreError | undefined;

  function assertUsable(): void {
    if (broken !== undefined) {
      throw broken;
    }
    if (!database.isOpen) {
      throw new StoreError('closed', `the tables ${path} are closed`);
    }
  }

  function breakWith(error: StoreError): void {
    if (broken === undefined) {
      broken = error;
      onBroken(error);
    }
  }

  function read<T>(call: () => T): T {
    assertUsable();
    try {
      return call();
    } catch (error) {
      throw tablesErrorFromSqlite(error, path);
    }
  }

  function write<T>(call: () => T): T {
    try {
      return read(call);
    } catch (error) {
      // After a failed fsync the system may have dropped the pages, and no later one says so.
      if (error instanceof StoreError && error.problem === 'unreachable') {
        breakWith(new StoreError('broken', `writing the tables ${path} failed`, error.cause));
      }
      throw broken ?? error;
    }
  }

  function prepare(sql: string): Statement {
    const known = prepared.get(sql);
    if (known !== undefined) {
      return known;
    }
    const bound = read(() => bind(database.prepare(sql)));
    const statement: Statement = {
      get: (...values) => read(() => bound.get(...values)),
      all: (...values) => read(() => bound.all(...values)),
      run: (...values) => write(() => bound.run(...values)),
    };
    prepared.set(sql, statement);
    return statement;
  }

  return {
    path,
    database,
    exec: (sql) => write(() => database.exec(sql)),
    prepare,
    statements: () => [...prepared.keys()],
    transaction(work) {
      prepare('BEGIN IMMEDIATE').run();
      try {
        const result = work();
        prepare('COMMIT').run();
        return result;
      } catch (error) {
        // A full disk may have ended the transaction already.
        if (database.isOpen && database.isTransaction) {
          database.exec('ROLLBACK');
        }
        throw error;
      }
    },
    atOnce(work) {
      prepare('BEGIN').get();
      try {
        return work();
      } finally {
        // What fails in a way that ends the transaction has ended it.
        if (database.isOpen && database.isTransaction) {
          prepare('COMMIT').get();
        }
      }
    },
    assertUsable,
    breakWith,
    [Symbol.dispose]: () => {
      if (database.isOpen) {
        database.close();
      }
    },
  };
}

function bind(statement: StatementSync): Statement {
  return {
    get: (...values) => statement.get(...values),
    all: (...values) => statement.all(...values),
    run: (...values) => {
      const { changes, lastInsertRowid } = statement.run(...values);
      return { changes: Number(changes), lastId: Number(lastInsertRowid) };
    },
  };
}
