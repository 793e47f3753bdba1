import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serviceEnv } from '#test/env.ts';

/** An example that runs. Disposing kills it. */
export interface ExampleProcess extends AsyncDisposable {
  /** What it has written so far. */
  readonly output: () => string;
  /** Waits until it has written something. Rejects when it ends without. */
  wrote(text: RegExp): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Waits for its end; answers the exit code. */
  ended(): Promise<number | null>;
}

/** How an example is run. */
export interface ExampleCommand {
  readonly program: string;
  /** In the folder of the examples. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts an example in TypeScript against a state service. */
export function startExample(name: string, address: string): ExampleProcess {
  return startExampleAs({ program: process.execPath, file: `${name}.ts`, args: [address] });
}

/** Starts an example in any language. */
export function startExampleAs({ program, file, args, env = {} }: ExampleCommand): ExampleProcess {
  const path = fileURLToPath(new URL(`../../../examples/${file}`, import.meta.url));
  const child: ChildProcess = spawn(program, [path, ...args], {
    env: serviceEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  let output = '';
  let isOver = false;
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const look of looks) look();
    });
  }
  void exit.then(() => {
    isOver = true;
    for (const look of looks) look();
  });

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    await exit;
  }

  return {
    output: () => output,
    wrote: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!text.test(output) && !isOver) return;
          looks.delete(look);
          if (text.test(output)) resolve();
          else reject(new RangeError(`${file} ended without ${text}: ${output}`));
        };
        looks.add(look);
        look();
      }),
    signal: (signal) => void child.kill(signal),
    kill,
    ended: async () => (await exit)[0],
    [Symbol.asyncDispose]: kill,
  };
}
