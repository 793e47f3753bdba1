import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureFdatasync } from '../fdatasync.ts';
import { readBenchOptions } from '../options.ts';
import { type Bar, median, type Row, report } from '../report.ts';
import type { SpikePoint } from '../spike/parse-spike-output.ts';
import { maybeSpike } from '../spike/spike.ts';
import { AT_WORK_MS, measurePoints, type Point } from './measure-points.ts';
import { measureSignals } from './measure-signals.ts';

/** Durable steps of a run. */
const STEPS = [1, 10, 50];
/** Runs at a time: those that the spike measures. */
const CONCURRENCIES = [1, 16, 64, 256];
/** The least share of the spike's runs. */
const MIN_RUNS_SHARE = 0.4;
/** The most times that a run may take longer than the spike's. */
const MAX_LATENCY_RATIO = 2.5;

/** The most that a signal may take, in times of a disk's sync. */
const MAX_SIGNAL_SYNCS = 10;

/** What the figures are of. */
const PREPARED = `measured after ${AT_WORK_MS / 1000} s of work`;

/** One point in one round, beside the spike's. */
interface Measured {
  readonly ours: Point;
  readonly spike: SpikePoint | undefined;
}

const options = readBenchOptions('npm run bench --', { seconds: 4, rounds: 3 });
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
const signals: { readonly syncMs: number; readonly p50Ms: number }[] = [];
const rows: Row[] = [];
const bars: Bar[] = [];
try {
  using spike = await maybeSpike();
  const mongoUri = process.env['MONGODB_URI'];
  const stores = [
    { name: 'SQLite', mongoUri: undefined },
    ...(mongoUri === undefined ? [] : [{ name: 'MongoDB', mongoUri }]),
  ];
  if (mongoUri === undefined) bars.push({ name: 'MongoDB (MONGODB_URI names none)', value: undefined, atLeast: 1 });
  for (let round = 1; round <= options.rounds; round += 1) {
    process.stderr.write(`signals, round ${round} of ${options.rounds}\n`);
    const syncMs = measureFdatasync(folder);
    signals.push({ syncMs, p50Ms: await measureSignals(locationOf(undefined, `signals-${round}`)) });
  }
  for (const store of stores) {
    for (const steps of STEPS) {
      const rounds: Measured[][] = [];
      for (let round = 1; round <= options.rounds; round += 1) {
        process.stderr.write(`${store.name}: runs of ${steps} steps, round ${round} of ${options.rounds}\n`);
        const location = locationOf(store.mongoUri, `${steps}-${round}`);
        const ours = await measurePoints(location, steps, CONCURRENCIES, options.seconds * 1000);
        const theirs = (await spike?.measure(steps, store.mongoUri)) ?? [];
        rounds.push(
          ours.map((point) => ({
            ours: point,
            spike: theirs.find(({ concurrency }) => concurrency === point.concurrency),
          })),
        );
      }
      for (const concurrency of CONCURRENCIES) {
        const same = rounds.flatMap((round) => round.filter(({ ours }) => ours.concurrency === concurrency));
        addPoint(store.name, steps, concurrency, same);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const syncMs = median(signals.map((one) => one.syncMs));
const signalMs = median(signals.map(({ p50Ms }) => p50Ms));
process.stdout.write(
  `fdatasync p50 ${syncMs.toFixed(3)} ms, a signal to the end of its run p50 ${signalMs.toFixed(2)} ms\n`,
);
bars.push({
  name: 'SQLite: signal to completion, one at a time : fdatasync',
  value: median(signals.map(({ syncMs: sync, p50Ms }) => p50Ms / sync)),
  atMost: MAX_SIGNAL_SYNCS,
});
report(options, `runs of durable steps: state service, worker and client as three processes, ${PREPARED}`, rows, bars);
process.exit();

function locationOf(mongoUri: string | undefined, name: string): string {
  if (mongoUri === undefined) return `sqlite:${join(folder, name)}`;
  const url = new URL(mongoUri);
  url.pathname = `/millrace_bench_${process.pid}_${name.replace('-', '_')}`;
  return url.href;
}

function addPoint(store: string, steps: number, concurrency: number, rounds: readonly Measured[]): void {
  const of = (figure: (point: Point) => number): number => median(rounds.map(({ ours }) => figure(ours)));
  const runs = of(({ runsPerSecond }) => runsPerSecond);
  const perStep = (figure: (point: Point) => number): number => Number((of(figure) / (runs * steps)).toFixed(1));
  rows.push({
    store,
    N: steps,
    C: concurrency,
    'runs/s': Math.round(runs),
    'steps/s': Math.round(runs * steps),
    'p50 ms': round2(of(({ p50Ms }) => p50Ms)),
    'p99 ms': round2(of(({ p99Ms }) => p99Ms)),
    'CPU µs/step state': perStep(({ cpu, runsPerSecond }) => (cpu.state * 1e6 * runs) / runsPerSecond),
    worker: perStep(({ cpu, runsPerSecond }) => (cpu.worker * 1e6 * runs) / runsPerSecond),
    client: perStep(({ cpu, runsPerSecond }) => (cpu.client * 1e6 * runs) / runsPerSecond),
    'spike runs/s': spikeFigure(rounds, ({ runsPerSecond }) => runsPerSecond),
    'spike p50': spikeFigure(rounds, ({ p50Ms }) => p50Ms),
    'unary runs/s': Math.round(of(({ unaryRunsPerSecond }) => unaryRunsPerSecond)),
  });
  const name = `${store}, N${steps} C${concurrency}`;
  const shares = ratios(rounds, (point) => point.runsPerSecond);
  const slowness = ratios(rounds, (point) => point.p50Ms);
  bars.push({ name: `${name}: runs/s, ours : the spike's`, value: shares, atLeast: MIN_RUNS_SHARE });
  bars.push({ name: `${name}: p50, ours : the spike's`, value: slowness, atMost: MAX_LATENCY_RATIO });
}

/** The median of the rounds' ratios; absent when the spike was not measured. */
function ratios(
  rounds: readonly Measured[],
  figure: (point: Pick<Point, 'runsPerSecond' | 'p50Ms'>) => number,
): number | undefined {
  const all = rounds.flatMap(({ ours, spike }) => (spike === undefined ? [] : [figure(ours) / figure(spike)]));
  return all.length === 0 ? undefined : median(all);
}

function spikeFigure(rounds: readonly Measured[], figure: (point: SpikePoint) => number): number | string {
  const all = rounds.flatMap(({ spike }) => (spike === undefined ? [] : [figure(spike)]));
  return all.length === 0 ? 'not measured' : round2(median(all));
}

function round2(value: number): number {
  return Number(value.toFixed(2));
}
