/**
 * The environment variables that only tests read. They carry the prefix of the services' own settings, and a service
 * refuses a name that it does not know, so `serviceEnv` takes them out.
 */
export const testVariable = {
  /** `1`: a server or tool that is missing fails the tests that need it, which are skipped otherwise. */
  requireServers: 'MILLRACE_REQUIRE_SERVERS',
  /** Where servers and tools for tests are installed. Default `~/.cache/millrace-servers`. */
  serversDir: 'MILLRACE_SERVERS_DIR',
  /** How often fault suites repeat: `few` (default), `full`, or a number. */
  faultRuns: 'MILLRACE_FAULT_RUNS',
  /** The seed of fault suites; random without it. */
  faultSeed: 'MILLRACE_FAULT_SEED',
  /** Rows of the suite that looks at the speed of reads in SQLite; few without it. */
  tableRows: 'MILLRACE_TABLE_ROWS',
  /** Runs of `npm run bench:scale`, for a quick look; a million without it. */
  benchRuns: 'MILLRACE_BENCH_RUNS',
} as const;

/** The environment for a service that a test starts: this process's, without any `MILLRACE_` setting, plus `extra`. */
export function serviceEnv(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !name.startsWith('MILLRACE_')) env[name] = value;
  }
  return { ...env, ...extra };
}
