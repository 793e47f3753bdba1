import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serviceEnv } from '#test/env.ts';

/** How a command line ended. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line that runs. Disposing kills it. */
export interface Running extends AsyncDisposable {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Ran>;
  /** Answers once standard output holds the text; fails when the process ends before. */
  shows(text: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/** The command line, against one state service. */
export interface Millrace {
  /** Starts a command. `input` is all that comes on standard input, by default nothing. */
  start(args: readonly string[], input?: string): Running;
  /** Runs a command to its end. */
  run(args: readonly string[], input?: string): Promise<Ran>;
  /** Runs a command with `--json`, and answers the lines that it printed. */
  json(args: readonly string[]): Promise<{ readonly code: number | null; readonly lines: readonly Json[] }>;
}

/** What a line of JSON holds; a test looks at it. */
export type Json = Readonly<Record<string, unknown>>;

/** Where a command line runs. */
export interface Surroundings {
  /** The working folder. Default: that of the tests. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The Node that runs it. Default: the one that runs the tests. */
  readonly node?: string;
  /** The program. Default: that of this tree. */
  readonly main?: string;
}

const MAIN = fileURLToPath(new URL('../../../cli/millrace.ts', import.meta.url));

/** The command line as a process of its own, by default against the state service at this address. */
export function createMillrace(
  address: string,
  { folder, env = {}, node = process.execPath, main = MAIN }: Surroundings = {},
): Millrace {
  function start(args: readonly string[], input = ''): Running {
    const child = spawn(node, [main, ...args], {
      env: serviceEnv({ ...(address === '' ? {} : { MILLRACE_ADDRESS: address }), ...env }),
      ...(folder === undefined ? {} : { cwd: folder }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined).end(input);
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
    return {
      ended,
      stdout: () => stdout,
      stderr: () => stderr,
      async shows(text) {
        while (!stdout.includes(text)) {
          const ran = await Promise.race([once(child.stdout, 'data').then(() => undefined), ended]);
          if (ran !== undefined && !stdout.includes(text)) {
            throw new TypeError(`it ended before it showed ${text}: ${JSON.stringify(ran)}`);
          }
        }
      },
      signal: (signal) => void child.kill(signal),
      async [Symbol.asyncDispose]() {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }

  return {
    start,
    run: (args, input) => start(args, input).ended,
    async json(args) {
      const { code, stdout, stderr } = await start([...args, '--json']).ended;
      if (stdout === '') {
        throw new TypeError(`it printed nothing: ${JSON.stringify({ code, stderr })}`);
      }
      const lines = stdout.trimEnd().split('\n');
      return { code, lines: lines.map((line) => JSON.parse(line) as Json) };
    },
  };
}
