import { randomInt } from 'node:crypto';
import { describe } from 'vitest';
import { testVariable } from '#test/env.ts';

/** How often a fault suite repeats: `few` in `npm test`, `full` in `npm run test:fault`, or MILLRACE_FAULT_RUNS. */
export function faultRuns(few: number, full: number): number {
  const runs = runsWanted();
  if (runs === 'few') return few;
  return runs === 'full' ? full : Number(runs);
}

/**
 * The seed of a fault suite, from 0 to 2^32 - 1, printed with the command that repeats it: MILLRACE_FAULT_SEED, or a
 * new one.
 */
export function faultSeed(suite: string): number {
  const given = process.env[testVariable.faultSeed] || String(randomInt(2 ** 32));
  const seed = Number(given);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new Error(`${testVariable.faultSeed} is an integer from 0 to 2^32 - 1, not '${given}'`);
  }
  console.log(`${suite}: ${testVariable.faultRuns}=${runsWanted()} ${testVariable.faultSeed}=${seed}`);
  return seed;
}

/** A suite that takes too long for every run: only with the full counts. */
export function describeFull(name: string, suite: () => void): void {
  const skipReason = 'only with the full counts: npm run test:fault';
  if (runsWanted() === 'full') describe(name, suite);
  else describe.skip(name, { meta: { skipReason } }, suite);
}

function runsWanted(): string {
  const runs = process.env[testVariable.faultRuns] || 'few';
  if (!/^(few|full|[1-9]\d*)$/.test(runs)) {
    throw new Error(`${testVariable.faultRuns} is few, full or a number, not '${runs}'`);
  }
  return runs;
}
