/** The programs of the package, by the name under which they are installed. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  millrace: 'cli/millrace.ts',
};

/** Sources that are started as processes and threads, which no import leads to. */
export const STARTED: readonly string[] = [
  'cli/dev-worker.ts',
  'libs/store/sqlite/writes/thread-main.ts',
  'services/dev/main.ts',
  'services/registry/main.ts',
  'services/state/main.ts',
  'services/worker/main.ts',
];

/** The folders of sources that are imported by `#folder/`. */
export const ROOTS: readonly string[] = ['gen', 'libs', 'services'];
