import type { RegistryTables, StateTables } from '#libs/store/store.ts';

/** The tables of both services, open. */
export interface OpenTables {
  readonly state: StateTables;
  readonly registry: RegistryTables;
}

/** A store whose tables are tested. */
export interface TablesStore extends AsyncDisposable {
  /** Removes everything and opens the tables. What was opened before is not used any more. */
  openEmpty(): Promise<OpenTables>;
  /** Closes the tables and opens them again. */
  reopen(): Promise<OpenTables>;
}

/** What a suite needs of the adapter that it tests. */
export interface TablesContractOptions {
  /** Random sequences of operations for each property. */
  readonly sequences: number;
}

/** The tables that a test works on: those of the store that its suite opened. */
export type CurrentTables = () => OpenTables;
