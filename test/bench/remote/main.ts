import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerTo, type BenchProcess, startBenchProcess, startStateProcess } from '../hot-path/processes.ts';
import { readBenchOptions } from '../options.ts';
import { type Bar, median, type Row, report } from '../report.ts';
import type { ServerPorts } from '../rpc/server-process.ts';
import type { DoorName } from './calls.ts';
import type { RemoteAddresses, RemoteOrder, RemoteResult, Work } from './client-process.ts';

const CONCURRENCIES = [1, 16, 64];
const DOORS: readonly DoorName[] = ['gRPC', 'HTTP'];
/** The least that cycles of three calls reach of three empty calls, at this many at a time. */
const BAR_CONCURRENCY = 64;
const MIN_SHARE = 0.6;
/** The most CPU of the service that a snapshot of 4 KiB costs. */
const MAX_SAVE_MICROS = 120;
/** A service that is up for days is what is of interest, and code that has run but a few hundred times is not compiled. */
const WORK_NAMES: Readonly<Record<Work, string>> = {
  cycle: 'claim, save result, release',
  save: 'save snapshot of 4 KiB',
  empty: 'three empty calls',
};
const AT_WORK_MS = 3_000;
const WARM_UP_MS = 700;

interface Measured extends RemoteResult {
  /** Microseconds of the state service for one cycle or save. */
  readonly stateMicros: number;
}

const options = readBenchOptions('npm run bench:remote --', { seconds: 3, rounds: 3 });
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
const figures = new Map<string, Measured[]>();
const bars: Bar[] = [];
const echo = fork(new URL('../rpc/server-process.ts', import.meta.url), {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
const [ports] = (await once(echo, 'message')) as [ServerPorts];
const mongoUri = process.env['MONGODB_URI'];
const stores = ['SQLite', ...(mongoUri === undefined ? [] : ['MongoDB'])];
if (mongoUri === undefined) bars.push({ name: 'MongoDB (MONGODB_URI names none)', value: undefined, atLeast: 1 });
try {
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const store of stores) {
      process.stderr.write(`${store}, round ${round} of ${options.rounds}\n`);
      await measureStore(store, round);
    }
  }
} finally {
  echo.disconnect();
  rmSync(folder, { recursive: true, force: true });
}

const rows = [...figures].map(([name, rounds]): Row => {
  const [store = '', door = '', work = '', concurrency = ''] = name.split('|');
  const of = (figure: (one: Measured) => number): number => median(rounds.map(figure));
  return {
    store,
    door,
    work: WORK_NAMES[work as Work],
    C: concurrency,
    'per s': Math.round(of(({ count, seconds }) => count / seconds)),
    'p50 ms': Number(of(({ p50Ms }) => p50Ms).toFixed(2)),
    'p99 ms': Number(of(({ p99Ms }) => p99Ms).toFixed(2)),
    'state CPU µs': work === 'empty' ? '' : Math.round(of(({ stateMicros }) => stateMicros)),
  };
});
bars.push({
  name: `SQLite, gRPC, C${BAR_CONCURRENCY}: cycles : three empty calls`,
  value: shareOf('SQLite', 'gRPC', BAR_CONCURRENCY),
  atLeast: MIN_SHARE,
});
bars.push({
  name: `SQLite, gRPC, C${BAR_CONCURRENCY}: CPU of the service for a snapshot of 4 KiB, µs`,
  value: median((figures.get(nameOf('SQLite', 'gRPC', 'save', BAR_CONCURRENCY)) ?? []).map((one) => one.stateMicros)),
  atMost: MAX_SAVE_MICROS,
});
report(options, 'a remote runtime: state service and client as two processes', rows, bars);
process.exit();

async function measureStore(store: string, round: number): Promise<void> {
  await using state = await startStateProcess(locationOf(store, round));
  const addresses: RemoteAddresses = {
    state: { gRPC: state.address, HTTP: state.http },
    echo: { gRPC: ports.door, HTTP: ports.http },
  };
  const file = new URL('./client-process.ts', import.meta.url);
  await using client = await startBenchProcess(file, [JSON.stringify(addresses)], 'the client');
  for (const door of DOORS) {
    for (const work of ['cycle', 'save', 'empty'] as const) {
      await ask(client.child, { work, door, concurrency: BAR_CONCURRENCY, warmUpMs: AT_WORK_MS, measureMs: 0 });
    }
    for (const concurrency of CONCURRENCIES) {
      for (const work of ['empty', 'cycle', 'save'] as const) {
        const order = { work, door, concurrency, warmUpMs: WARM_UP_MS, measureMs: options.seconds * 1000 };
        note(nameOf(store, door, work, concurrency), await measure(state, client.child, order));
      }
    }
  }
}

async function measure(state: BenchProcess, client: ChildProcess, order: RemoteOrder): Promise<Measured> {
  const begun = answerTo(client, 'begun');
  const measured = answerTo(client, 'measured');
  const result = ask(client, order);
  await begun;
  const before = await state.cpuSeconds();
  await measured;
  const after = await state.cpuSeconds();
  const told = await result;
  return { ...told, stateMicros: ((after - before) * 1e6) / told.count };
}

async function ask(client: ChildProcess, order: RemoteOrder): Promise<RemoteResult> {
  const result = answerTo(client, 'result');
  client.send({ kind: 'measure', order });
  return (await result) as RemoteResult;
}

function nameOf(store: string, door: DoorName, work: Work, concurrency: number): string {
  return [store, door, work, concurrency].join('|');
}

function note(name: string, measured: Measured): void {
  figures.set(name, [...(figures.get(name) ?? []), measured]);
}

/** The median of the rounds' ratios: the two of a round ran within seconds of each other. */
function shareOf(store: string, door: DoorName, concurrency: number): number {
  const empty = figures.get(nameOf(store, door, 'empty', concurrency)) ?? [];
  const cycles = figures.get(nameOf(store, door, 'cycle', concurrency)) ?? [];
  return median(
    cycles.map((one, index) => {
      const base = empty[index];
      return base === undefined ? Number.NaN : one.count / one.seconds / (base.count / base.seconds);
    }),
  );
}

function locationOf(store: string, round: number): string {
  if (store === 'SQLite') return `sqlite:${join(folder, String(round))}`;
  const url = new URL(mongoUri ?? '');
  url.pathname = `/millrace_bench_${process.pid}_remote_${round}`;
  return url.href;
}
