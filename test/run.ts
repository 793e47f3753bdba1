import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** What a finished command left behind. */
export interface Ran {
  /** The exit code; 128 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How `run` runs a command. */
export interface RunOptions {
  readonly cwd?: string;
  /** Replaces the environment; default this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The command and what it started are killed after this time. Default 60 000. */
  readonly timeoutMs?: number;
  /** Written to the command's stdin, which is empty otherwise. */
  readonly input?: string;
  /** Given stderr as it comes. */
  readonly onStderr?: (text: string) => void;
}

/** Runs a command to its end. A non-zero exit code is a result, a command that cannot start is a rejection. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { cwd, env, timeoutMs = 60_000, input = '', onStderr } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  // A process group of its own, so that a timeout also ends what the command started.
  const child = spawn(command, args, { cwd, env: env ?? process.env, detached: true });
  const timer = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, timeoutMs);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onStderr?.(text);
  });
  child.stdin.on('error', () => {}).end(input);
  child.on('error', reject).on('close', (code) => resolve({ code: code ?? 128, stdout, stderr }));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for `work` and, when it takes more than a second, says on stderr what is being waited for and how long it took. */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  const start = performance.now();
  const done = new AbortController();
  const notice = delay(1000, true, { signal: done.signal }).catch(() => false);
  void notice.then((slow) => slow && process.stderr.write(`${what} ...\n`));
  try {
    return await work;
  } finally {
    done.abort();
    if (await notice) process.stderr.write(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}
