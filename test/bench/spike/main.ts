import { readBenchOptions } from '../options.ts';
import { type Bar, median, type Row, report } from '../report.ts';
import type { SpikePoint } from './parse-spike-output.ts';
import { maybeSpike, type Spike } from './spike.ts';

const STEPS = [1, 10, 50];

const options = readBenchOptions('npm run bench:spike --', { seconds: 4, rounds: 3 });
const rows: Row[] = [];
const bars: Bar[] = [];
using spike = await maybeSpike();
if (spike === undefined) {
  bars.push({ name: 'the spike', value: undefined, atLeast: 1 });
} else {
  await measure(spike, 'SQLite', undefined);
  const mongoUri = process.env['MONGODB_URI'];
  if (mongoUri !== undefined) await measure(spike, 'MongoDB', mongoUri);
}
report(options, 'the bare design, without engine, recovery or tables', rows, bars);

async function measure(measured: Spike, store: string, mongoUri: string | undefined): Promise<void> {
  for (const steps of STEPS) {
    const points: SpikePoint[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      process.stderr.write(`${store}: runs of ${steps} steps, round ${round} of ${options.rounds}\n`);
      points.push(...(await measured.measure(steps, mongoUri)));
    }
    for (const concurrency of new Set(points.map((point) => point.concurrency))) {
      const same = points.filter((point) => point.concurrency === concurrency);
      const runs = median(same.map((point) => point.runsPerSecond));
      rows.push({
        store,
        N: steps,
        C: concurrency,
        'runs/s': runs,
        'steps/s': runs * steps,
        'p50 ms': median(same.map((point) => point.p50Ms)),
        'p99 ms': median(same.map((point) => point.p99Ms)),
      });
    }
  }
}
