import type { Environment } from '#libs/config/parse-config.ts';
import { startChild } from './child-process.ts';
import { programFile } from './program-file.ts';

/** What a worker tells the process that started it. */
export type WorkerMessage = { readonly file: string } | { readonly isReady: true };

/** A worker in a process of its own. */
export interface WorkerProcess {
  /** True once the server has welcomed it; false when it ended before. */
  readonly ready: Promise<boolean>;
  /** Its exit code. */
  readonly ended: Promise<number>;
  /** Lets it drain and end. Safe to call again. */
  readonly stop: () => void;
}

/** Starts `millrace worker run` with these arguments. */
export function startWorkerProcess(
  args: readonly string[],
  env: Environment,
  onFile: (file: string) => void,
): WorkerProcess {
  const ready = Promise.withResolvers<boolean>();
  const child = startChild(programFile('cli/dev-worker'), {
    args: ['worker', 'run', ...args],
    env,
    prints: true,
    onMessage: (message) => {
      const told = message as WorkerMessage;
      if ('file' in told) onFile(told.file);
      else ready.resolve(true);
    },
  });
  void child.ended.then(() => ready.resolve(false));
  return { ready: ready.promise, ended: child.ended, stop: child.stop };
}
