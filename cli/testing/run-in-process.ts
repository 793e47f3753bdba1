import type { StopSignal } from '#libs/lifecycle/process-host.ts';
import type { CliHost } from '../cli-host.ts';
import { runCli } from '../run-cli.ts';

/** How a command line ended. */
export interface Ran {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line that runs in this process. */
export interface Running {
  readonly ended: Promise<Ran>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Answers once standard output or standard error holds the text. */
  shows(text: string): Promise<void>;
  signal(signal: StopSignal): void;
}

/** Where it runs. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** What comes on standard input. */
  readonly input?: string | AsyncIterable<Uint8Array>;
  /** Whether a person sits there. Default: no. */
  readonly isTerminal?: boolean;
  /** The time of day. Default: now. */
  readonly wallMs?: number;
}

/** Starts a command line. */
export function startInProcess(argv: readonly string[], surroundings: Surroundings = {}): Running {
  const { env = {}, input = '', isTerminal = false, wallMs } = surroundings;
  let stdout = '';
  let stderr = '';
  let code: number | undefined;
  let onSignal: ((signal: StopSignal) => void) | undefined;
  let onWritten: (() => void)[] = [];
  const written = (): void => {
    const told = onWritten;
    onWritten = [];
    for (const tell of told) tell();
  };
  const host: CliHost = {
    argv,
    isOutTerminal: isTerminal,
    isErrTerminal: isTerminal,
    isInTerminal: isTerminal,
    writeOut(text) {
      stdout += text;
      written();
    },
    writeErr(text) {
      stderr += text;
      written();
    },
    async *readIn() {
      if (typeof input === 'string') {
        yield Buffer.from(input);
      } else {
        yield* input;
      }
    },
    nowMs: () => performance.now(),
    wallMs: () => wallMs ?? Date.now(),
    onStopSignal: (listener) => (onSignal = listener),
    onUncaught: () => undefined,
    flush: async () => undefined,
    exit: (given) => (code ??= given),
  };
  return {
    ended: runCli(host, env).then(() => ({ code, stdout, stderr })),
    stdout: () => stdout,
    stderr: () => stderr,
    async shows(text) {
      while (!stdout.includes(text) && !stderr.includes(text)) {
        await new Promise<void>((resolve) => onWritten.push(resolve));
      }
    },
    signal: (signal) => onSignal?.(signal),
  };
}

/** Runs a command line to its end. */
export async function runInProcess(argv: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  return await startInProcess(argv, surroundings).ended;
}
