import { type ChildProcess, fork } from 'node:child_process';
import type { Environment } from '#libs/config/parse-config.ts';

/** How a child is started. */
export interface ChildOptions {
  readonly args: readonly string[];
  readonly env: Environment;
  /** Whether what it prints is seen. What it writes to standard error always is. */
  readonly prints: boolean;
  readonly onMessage: (message: unknown) => void;
}

/** A process that ends with this one. */
export interface Child {
  /** Its exit code; 128 and more when a signal ended it. */
  readonly ended: Promise<number>;
  /** Asks it to end. Safe to call again. */
  readonly stop: () => void;
}

/** What shells answer for a process that was killed. */
const KILLED = 137;

/**
 * Starts a program. It is in a process group of its own, so that Ctrl-C reaches this process alone, which ends its children
 * in their order. When this process ends without that, it kills them; when it is killed, they notice.
 */
export function startChild(file: string, { args, env, prints, onMessage }: ChildOptions): Child {
  const child: ChildProcess = fork(file, args, {
    env: { ...env },
    detached: true,
    stdio: ['ignore', prints ? 'inherit' : 'ignore', 'inherit', 'ipc'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = Promise.withResolvers<number>();
  const end = (code: number | null): void => {
    process.off('exit', kill);
    ended.resolve(code ?? KILLED);
  };
  child
    .on('message', onMessage)
    .once('error', () => end(null))
    .once('exit', end);
  let isAsked = false;
  return {
    ended: ended.promise,
    stop: () => {
      if (!isAsked) child.kill('SIGTERM');
      isAsked = true;
    },
  };
}
