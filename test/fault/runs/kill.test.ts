import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, test } from 'vitest';
import { createRandom } from '#test/fault/journal/random.ts';
import { faultRuns, faultSeed } from '#test/fault/seed.ts';
import { checkRuns } from './check-runs.ts';
import { createLoad } from './load.ts';
import { startWorkerProcess } from './start-worker.ts';
import { startStateNode } from './state-node.ts';
import { describeRunsInMongo, describeRunsInSqlite, type RunHome } from './with-stores.ts';

type Victim = 'state' | 'worker';

const seed = faultSeed('runs, killed processes');
/** Few kills mostly wait for leases of workers to end, which they may do at the same time. */
const isShort = faultRuns(1, 200) < 10;
/** Runs that are asked for before each kill. */
const BATCH = 8;
/** A worker's lease, the back-off after it, and a take-over, with room. */
const END_TIMEOUT_MS = 120_000;
const HOUR_MS = 3_600_000;

/** Kills processes at random moments while runs are under way, and checks all of them in the end. */
async function killUnderLoad(home: RunHome, name: string, victims: readonly Victim[]): Promise<void> {
  const random = createRandom(seed);
  const diaryPath = join(home.folder(), `${name}.diary`);
  await using node = await startStateNode(home.newStore(), home.folder());
  await using workers = new AsyncDisposableStack();
  let worker = workers.use(await startWorkerProcess(node.address, diaryPath));
  await using load = createLoad({ address: node.address, random });
  for (const victim of victims) {
    const isUnderWay = load.startMany(BATCH);
    // Now and then while it starts or connects, mostly while runs are under way.
    if (random() < 0.8) await isUnderWay;
    await delay(random() * 150);
    if (victim === 'state') {
      await node.kill();
      await node.restart();
    } else {
      await worker.kill();
      worker = workers.use(await startWorkerProcess(node.address, diaryPath));
    }
  }
  await load.startMany(BATCH);
  await load.untilEnded(END_TIMEOUT_MS);
  await checkRuns(node.address, load.runs, diaryPath);
  console.log(`${home.kind}: ${victims.length} times a ${name} was killed, ${load.runs.length} runs`);
}

function killSuite(home: RunHome): void {
  test('lose nothing and do nothing twice when the state service is killed [42]', { timeout: HOUR_MS }, async () => {
    const kills = faultRuns(5, 100);
    await killUnderLoad(
      home,
      'state',
      Array.from({ length: kills }, () => 'state'),
    );
  });

  test('lose nothing and do nothing twice when workers are killed [42]', { timeout: HOUR_MS }, async () => {
    const kills = faultRuns(3, 100);
    const random = createRandom(seed ^ 1);
    const victims = Array.from({ length: kills }, (): Victim => (!isShort && random() < 0.05 ? 'state' : 'worker'));
    await killUnderLoad(home, 'worker', victims);
  });
}

describe('runs whose processes are killed', { concurrent: isShort }, () => {
  describeRunsInSqlite('under load, in SQLite, by gRPC', killSuite);
  // In MongoDB each kill costs a lease, which is more than every change should wait for.
  if (!isShort) describeRunsInMongo('under load, in MongoDB, by gRPC', killSuite);
});
