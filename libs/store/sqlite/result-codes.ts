/** Primary results of SQLite, https://www.sqlite.org/rescode.html */
export const SQLITE = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
} as const;

/** The primary result that an error carries; 0 for what is no error of SQLite. Extended codes have more in higher bits. */
export function primaryResult(error: unknown): number {
  const code = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
  return code & 0xff;
}

/** Whether SQLite found that its file is damaged, or none of its own. */
export function isDamage(error: unknown): boolean {
  const result = primaryResult(error);
  return result === SQLITE.corrupt || result === SQLITE.notADatabase;
}
