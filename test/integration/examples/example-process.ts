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
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Waits for its end; answers the exit code. */
  ended(): Promise<number | null>;
}

/** Starts an example against a state service. */
export function startExample(name: string, address: string): ExampleProcess {
  const path = fileURLToPath(new URL(`../../../examples/${name}.ts`, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [path, address], {
    env: serviceEnv(),
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
          else reject(new RangeError(`${name} ended without ${text}: ${output}`));
        };
        looks.add(look);
        look();
      }),
    kill,
    ended: async () => (await exit)[0],
    [Symbol.asyncDispose]: kill,
  };
}
