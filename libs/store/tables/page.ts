/** Which part of a list to answer. */
export interface PageRequest {
  /** Rows at most; the caller has bounded it. */
  readonly limit: number;
  /** Where the page before ended; absent for the first page. */
  readonly token?: string;
  /** Rows to pass over after the token. 0 by default. */
  readonly offset?: number;
}

/** A part of a list. */
export interface Page<R> {
  readonly rows: readonly R[];
  /** Absent when nothing follows. It stays good while rows come and go: it names a place in the order, not a number. */
  readonly nextToken: string | undefined;
}
