import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type Ran, run } from '../run.ts';
import { checkBreaking } from './check-breaking.ts';
import { checkGenerated } from './check-generated.ts';

/*
 * Everything that CI checks, in one command: first what only reads the sources, two steps at a time, then all tests.
 * The last line is that of the tests, `N passed, N failed, N skipped`; when a step before them fails, the failed steps
 * are what it counts.
 */

const repository = resolve(import.meta.dirname, '../..');
const bin = (name: string): string => join(repository, 'node_modules/.bin', name);
const tool = (name: string, ...args: string[]): Promise<Ran> =>
  run(bin(name), args, { cwd: repository, timeoutMs: stepTimeoutMs, ...(isTerminal ? {} : { env: colourless }) });

const stepTimeoutMs = 300_000;
const isTerminal = process.stdout.isTTY;
const colourless = { ...process.env, NO_COLOR: '1' };
/** Two cores, and one step seldom keeps more than one busy. */
const stepsAtOnce = 2;

/** The longest first. */
const steps: readonly (readonly [name: string, check: () => Promise<Ran>])[] = [
  ['types', () => tool('tsc', '--noEmit')],
  ['generated code', () => checkGenerated(repository, bin('buf'))],
  ['lint', () => tool('oxlint', '--type-aware')],
  ['dead code', () => tool('knip', '--no-progress', '--no-config-hints')],
  ['format', () => tool('biome', 'ci', '--error-on-warnings', '.')],
  ['proto lint', () => tool('buf', 'lint')],
  ['proto format', () => tool('buf', 'format', '--diff', '--exit-code', ...ownProtos)],
  ['proto breaking', () => checkBreaking(repository, bin('buf'))],
];
const ownProtos = ['--path', 'proto/millrace', '--path', 'test/proto/millrace'];

const start = performance.now();
const failed = await runSteps();
if (failed > 0) {
  console.log(`0 passed, ${failed} failed, 0 skipped`);
  process.exitCode = 1;
} else {
  process.exitCode = await runTests();
}

async function runSteps(): Promise<number> {
  const waiting = [...steps];
  const failures: string[] = [];
  const work = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const [name, check] = step;
      const began = performance.now();
      const { code, stdout, stderr } = await check().catch((error: unknown) => ({
        code: 1,
        stdout: '',
        stderr: String(error),
      }));
      report(code === 0 ? name : `${name} FAILED`, began);
      if (code !== 0) failures.push(`\n--- ${name} ---\n${stdout}${stderr}`.trimEnd());
    }
  };
  await Promise.all(Array.from({ length: stepsAtOnce }, work));
  for (const failure of failures) console.log(failure);
  return failures.length;
}

/** Passes on what vitest prints, but for its closing line, which is held back to be ours. Resolves to its exit code. */
async function runTests(): Promise<number> {
  const began = performance.now();
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const vitest = spawn(bin('vitest'), ['run'], {
    cwd: repository,
    env: { ...process.env, ...color },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { promise: exited, resolve: exit } = Promise.withResolvers<number>();
  vitest.on('error', () => exit(1)).on('exit', (code) => exit(code ?? 1));
  let closing = '0 passed, 1 failed, 0 skipped';
  for await (const line of createInterface({ input: vitest.stdout })) {
    if (/^\d+ passed, \d+ failed, \d+ skipped$/.test(line)) closing = line;
    else console.log(line);
  }
  const code = await exited;
  report(code === 0 ? 'tests' : 'tests FAILED', began);
  report('verify', start);
  console.log(closing);
  return code;
}

function report(name: string, began: number): void {
  console.log(`${name.padEnd(24)} ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s`);
}
