import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AT_WORK_MS } from '../hot-path/measure-points.ts';
import { readBenchOptions } from '../options.ts';
import { type Bar, median, type Row, report } from '../report.ts';
import { measureReplay } from './measure-replay.ts';
import { measureSdk, type Reached, type SdkPoint } from './measure-sdk.ts';

/** Durable steps of a run. */
const STEPS = [1, 10, 50];
/** Runs at a time. */
const CONCURRENCIES = [1, 16, 64, 256];
/** The least share of the thin loop's runs. */
const MIN_RUNS_SHARE = 0.85;
const REPLAYED_STEPS = 10_000;
const MAX_REPLAY_MS = 300;

const options = readBenchOptions('npm run bench:sdk --', { seconds: 4, rounds: 3 });
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-sdk-'));
const replays: number[] = [];
const rows: Row[] = [];
const bars: Bar[] = [];
try {
  for (let round = 1; round <= options.rounds; round += 1) {
    process.stderr.write(`replay, round ${round} of ${options.rounds}\n`);
    replays.push(await measureReplay(storeOf(`replay-${round}`), REPLAYED_STEPS));
  }
  for (const steps of STEPS) {
    const rounds: SdkPoint[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      process.stderr.write(`runs of ${steps} steps, round ${round} of ${options.rounds}\n`);
      const measureMs = options.seconds * 1000;
      const store = storeOf(`${steps}-${round}`);
      rounds.push(...(await measureSdk(store, steps, CONCURRENCIES, measureMs)));
    }
    for (const each of CONCURRENCIES) {
      addPoint(
        steps,
        each,
        rounds.filter(({ concurrency }) => concurrency === each),
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`replay of ${REPLAYED_STEPS} steps ${median(replays).toFixed(0)} ms\n`);
bars.push({ name: `replay of ${REPLAYED_STEPS} steps, ms`, value: median(replays), atMost: MAX_REPLAY_MS });
report(options, `the SDK beside the thin loop on SQLite, measured after ${AT_WORK_MS / 1000} s of work`, rows, bars);
process.exit();

function storeOf(name: string): string {
  return `sqlite:${join(folder, name)}`;
}

function addPoint(steps: number, concurrency: number, rounds: readonly SdkPoint[]): void {
  const of = (way: 'thin' | 'sdk', figure: (reached: Reached) => number, digits: number): number =>
    Number(median(rounds.map((point) => figure(point[way]))).toFixed(digits));
  rows.push({
    N: steps,
    C: concurrency,
    'SDK runs/s': of('sdk', ({ runsPerSecond }) => runsPerSecond, 0),
    'thin runs/s': of('thin', ({ runsPerSecond }) => runsPerSecond, 0),
    'SDK p50 ms': of('sdk', ({ p50Ms }) => p50Ms, 2),
    'thin p50 ms': of('thin', ({ p50Ms }) => p50Ms, 2),
    'CPU µs/run SDK worker': of('sdk', ({ workerCpu }) => workerCpu, 0),
    'thin worker': of('thin', ({ workerCpu }) => workerCpu, 0),
    'SDK client': of('sdk', ({ clientCpu }) => clientCpu, 0),
    'thin client': of('thin', ({ clientCpu }) => clientCpu, 0),
  });
  bars.push({
    name: `N${steps} C${concurrency}: runs/s, the SDK's : the thin loop's`,
    value: median(rounds.map(({ sdk, thin }) => sdk.runsPerSecond / thin.runsPerSecond)),
    atLeast: MIN_RUNS_SHARE,
  });
}
