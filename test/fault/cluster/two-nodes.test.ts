import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createRandom } from '#test/fault/journal/random.ts';
import { faultRuns, faultSeed } from '#test/fault/seed.ts';
import { checkRuns } from '../runs/check-runs.ts';
import { createLoad } from '../runs/load.ts';
import { startWorkerProcess } from '../runs/start-worker.ts';
import { describeRunsInMongo, type RunHome } from '../runs/with-stores.ts';
import { longestStall } from './longest-stall.ts';
import { type NodePair, startNodePair } from './node-pair.ts';

const seed = faultSeed('runs, two nodes');
const rounds = faultRuns(1, 20);
const isShort = rounds < 10;
/** Runs under way at a time, each of so many steps. */
const CONCURRENCY = isShort ? 16 : 64;
const STEPS = 10;
/** A run whose owner is gone moves again by then: a lease, and what it takes to recover on a machine that does more. */
const MOVES_AGAIN_MS = 15_000;
/** A run whose owner hands it over moves again by then. */
const HANDED_OVER_MS = 1_000;
/** Longer than a lease, so that it was taken over when it comes back. */
const STOPPED_MS = 12_000;
/** By then one that was killed was taken over. */
const TAKEN_MS = 13_000;
const END_TIMEOUT_MS = 120_000;
const HOUR_MS = 3_600_000;

/** Does something to the far node under load, again and again; answers how long a run stood still at most. */
async function faultUnderLoad(
  home: RunHome,
  name: string,
  fault: (pair: NodePair, random: () => number) => Promise<void>,
): Promise<number> {
  const random = createRandom(seed);
  const diaryPath = join(home.folder(), `${name}.diary`);
  await using pair = await startNodePair(home.newStore(), home.folder());
  const { address } = pair.near;
  await using _worker = await startWorkerProcess(address, diaryPath, CONCURRENCY * 4);
  await using load = createLoad({ address, random, steps: STEPS });
  let firstFaultMs = 0;
  for (let round = 1; round <= rounds; round += 1) {
    let isOver = false;
    const kept = load.keep(CONCURRENCY, () => isOver);
    kept.catch(() => undefined);
    await delay(500 + random() * 500);
    // Before it, programs that have just been started take their time.
    firstFaultMs ||= Date.now();
    await fault(pair, random);
    await delay(500);
    isOver = true;
    await load.untilEnded(END_TIMEOUT_MS);
    await kept;
    if (round < rounds) await pair.restore();
  }
  await checkRuns(address, load.runs, diaryPath);
  const stall = longestStall(load.runs, diaryPath, firstFaultMs);
  console.log(`${name}: ${rounds} times, ${load.runs.length} runs, longest stall ${JSON.stringify(stall)}`);
  return stall.ms;
}

// Few of them mostly wait for leases, which they may do at the same time.
describe('two nodes and a worker that knows one of them', { concurrent: isShort }, () => {
  describeRunsInMongo('under load, in MongoDB, by gRPC', (home) => {
    test(`go on within ${MOVES_AGAIN_MS} ms when the other one is killed [95]`, { timeout: HOUR_MS }, async () => {
      const stallMs = await faultUnderLoad(home, 'killed', async ({ far }) => {
        await far.kill();
        await delay(TAKEN_MS);
      });
      expect(stallMs).toBeLessThanOrEqual(MOVES_AGAIN_MS);
    });

    test(`stall no run for more than ${HANDED_OVER_MS} ms when the other one hands over [90]`, {
      timeout: HOUR_MS,
    }, async () => {
      const stallMs = await faultUnderLoad(home, 'handed over', async ({ far }) => {
        far.signal('SIGTERM');
        expect(await far.ended()).toBe(0);
      });
      expect(stallMs).toBeLessThanOrEqual(HANDED_OVER_MS);
    });

    // It costs more than every change should wait for.
    if (isShort) return;

    test(`go on within ${MOVES_AGAIN_MS} ms when the other one stands still for longer than its lease`, {
      timeout: HOUR_MS,
    }, async () => {
      const stallMs = await faultUnderLoad(home, 'stopped', async ({ far }, random) => {
        far.signal('SIGSTOP');
        await delay(STOPPED_MS + random() * 1_000);
        far.signal('SIGCONT');
      });
      expect(stallMs).toBeLessThanOrEqual(MOVES_AGAIN_MS);
    });
  });
});
