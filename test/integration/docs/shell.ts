import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What a command left behind. */
export interface ShellRan {
  /** Standard output and standard error, as they came. */
  readonly output: string;
  /** Of the last command. */
  readonly code: number;
  /** Of the first command that failed; 0: none did. */
  readonly failed: number;
}

/** A shell that remembers, as a terminal does: variables, functions and aliases stay. Disposing ends all it started. */
export interface Shell extends AsyncDisposable {
  /** Runs commands to their end, without input. */
  run(commands: string): Promise<ShellRan>;
  /** Starts a command that stays, and waits until its output is as wanted. */
  stay(command: string, isReady: (output: string) => boolean): Promise<void>;
}

/** Where a shell works. */
export interface ShellOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

const COMMAND_TIMEOUT_MS = 30_000;
const READY_TIMEOUT_MS = 30_000;
const GRACE_MS = 10_000;
const END_MARK = '=== end of the block:';
const PRELUDE = `shopt -s expand_aliases; set -E; trap 'failed=\${failed:-$?}' ERR; exec 2>&1\n`;

/** Opens a shell. */
export function openShell({ folder, env }: ShellOptions): Shell {
  const started: { readonly child: ChildProcess; readonly closed: Promise<unknown> }[] = [];
  // A process group of its own, so that what it started ends with it.
  const start = (args: readonly string[]): ChildProcess => {
    const child = spawn('bash', ['--noprofile', '--norc', ...args], { cwd: folder, env, detached: true });
    started.push({ child, closed: once(child, 'close') });
    return child;
  };
  const outputOf = (child: ChildProcess): (() => string) => {
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
    return () => output;
  };
  const terminal = start([]);
  const told = outputOf(terminal);
  terminal.stdin?.on('error', () => undefined).write(PRELUDE);
  let read = 0;

  return {
    async run(commands) {
      const script = join(folder, '.block.sh');
      writeFileSync(script, `${commands}\n`);
      terminal.stdin?.write(`failed=; . ./.block.sh </dev/null; printf '\\n${END_MARK} %s %s\\n' $? "\${failed:-0}"\n`);
      const end = new RegExp(`\\n${END_MARK} (\\d+) (\\d+)\\n`);
      const hasEnded = await until(() => end.test(told().slice(read)), terminal, COMMAND_TIMEOUT_MS);
      const output = told().slice(read);
      read += output.length;
      const [mark, code, failed] = end.exec(output) ?? [];
      if (!hasEnded || mark === undefined) throw new RangeError(`it does not end: ${commands}\n${output}`);
      return { output: output.replace(mark, ''), code: Number(code), failed: Number(failed) };
    },
    async stay(command, isReady) {
      const child = start(['-c', command]);
      const output = outputOf(child);
      if (!(await until(() => isReady(output()), child, READY_TIMEOUT_MS))) {
        throw new RangeError(`it does not get ready: ${command}\n${output()}`);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(started.toReversed().map(endGroup));
    },
  };
}

/** Waits until something is so. False: the process has ended before, or it took too long. */
async function until(isSo: () => boolean, child: ChildProcess, timeoutMs: number): Promise<boolean> {
  const endMs = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() > endMs) return false;
    if (child.exitCode !== null || child.signalCode !== null) return isSo();
    await delay(20);
  }
  return true;
}

/** Ends a process and what it started, as one who closes a terminal does, and at last by force. */
async function endGroup({
  child,
  closed,
}: {
  readonly child: ChildProcess;
  readonly closed: Promise<unknown>;
}): Promise<void> {
  if (child.pid === undefined || !signalGroup(child.pid, 'SIGTERM')) return;
  const ended = await Promise.race([closed, delay(GRACE_MS, 'late', { ref: false })]);
  if (ended === 'late') signalGroup(child.pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
