import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom } from '#test/fault/journal/random.ts';
import { faultRuns, faultSeed } from '#test/fault/seed.ts';
import { checkProgram, type Trial } from './check-program.ts';
import { program } from './program.ts';

const seed = faultSeed('replay of random programs');
/** Programs at a time: they wait more than they compute. */
const LANES = 40;
/** One in so many runs was begun by code that did not know the patches. */
const OLD_EVERY = 7;
/** Of those that fail, the smallest are told. */
const TOLD = 3;

/** Tries so many programs. Answers what was not as it should be, of the smallest programs first. */
async function failuresOf(count: number, prefixes: Trial['prefixes']): Promise<string[]> {
  const programs = fc.sample(program, { numRuns: count, seed }).entries();
  const failures: string[] = [];

  async function lane(): Promise<void> {
    for (const [index, one] of programs) {
      const random = createRandom(seed + index);
      try {
        await checkProgram({ program: one, isOld: index % OLD_EVERY === 0, random, prefixes });
      } catch (error) {
        failures.push(`${JSON.stringify(one)}\n${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  await Promise.all(Array.from({ length: LANES }, lane));
  return failures.toSorted((a, b) => a.length - b.length).slice(0, TOLD);
}

test('random concurrent programs make a log that every replay follows to the same end, whatever the latencies, cuts and crashes', async () => {
  expect(await failuresOf(faultRuns(400, 10_000), 'one')).toEqual([]);
});

test('a run that is lost at any point of its log goes on from there to an end that its log allows', async () => {
  expect(await failuresOf(faultRuns(30, 500), 'all')).toEqual([]);
});
