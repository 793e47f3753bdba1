import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readBenchOptions } from '../options.ts';
import { type Bar, median, type Row, report } from '../report.ts';
import { grpcStreamLoad, grpcUnaryLoad, httpUnaryLoad, type Load } from './loads.ts';
import type { ServerPorts } from './server-process.ts';

/** The most that the gRPC door may cost beside grpc-js alone. */
const MAX_UNARY_RATIO = 1.6;
const MAX_STREAM_RATIO = 1.25;
/** Long enough for the compiler to have seen the hot code. */
const WARM_UP_MS = 1500;

interface Figure {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

const options = readBenchOptions('npm run bench:rpc --', { seconds: 2, rounds: 5 });
const server = fork(new URL('./server-process.ts', import.meta.url), {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
const [ports] = (await once(server, 'message')) as [ServerPorts];

const loads: Readonly<Record<string, Load>> = {
  'unary, bare grpc-js': grpcUnaryLoad(ports.bare),
  'unary, gRPC door': grpcUnaryLoad(ports.door),
  'unary, HTTP door, protobuf': httpUnaryLoad(ports.http, 'proto'),
  'unary, HTTP door, JSON': httpUnaryLoad(ports.http, 'json'),
  'stream of 64 frames, bare grpc-js': grpcStreamLoad(ports.bare),
  'stream of 64 frames, gRPC door': grpcStreamLoad(ports.door),
};

for (const load of Object.values(loads)) {
  await load(WARM_UP_MS);
}
const figures = new Map<string, Figure[]>(Object.keys(loads).map((name) => [name, []]));
for (let round = 1; round <= options.rounds; round += 1) {
  process.stderr.write(`round ${round} of ${options.rounds}\n`);
  for (const [name, load] of Object.entries(loads)) {
    figures.get(name)?.push(await measure(server, load, options.seconds * 1000));
  }
}
server.disconnect();

const rows = [...figures].map(
  ([name, rounds]): Row => ({
    call: name,
    'calls/s': Math.round(median(rounds.map(({ perSecond }) => perSecond))),
    'server CPU µs/call': Number(median(rounds.map(({ cpuMicros }) => cpuMicros)).toFixed(1)),
  }),
);
const bars: Bar[] = [
  {
    name: 'CPU per unary call, gRPC door : bare grpc-js',
    value: ratio('unary, gRPC door', 'unary, bare grpc-js'),
    atMost: MAX_UNARY_RATIO,
  },
  {
    name: 'CPU per stream message, gRPC door : bare grpc-js',
    value: ratio('stream of 64 frames, gRPC door', 'stream of 64 frames, bare grpc-js'),
    atMost: MAX_STREAM_RATIO,
  },
];
report(options, 'the doors of libs/rpc beside bare grpc-js', rows, bars);
process.exit();

/** The median of the rounds' ratios: the two of a round ran within seconds of each other. */
function ratio(name: string, other: string): number {
  const base = figures.get(other) ?? [];
  return median((figures.get(name) ?? []).map(({ cpuMicros }, i) => cpuMicros / (base[i]?.cpuMicros ?? Number.NaN)));
}

async function measure(child: ChildProcess, load: Load, ms: number): Promise<Figure> {
  const before = await cpuMicrosOf(child);
  const startedAt = performance.now();
  const count = await load(ms);
  const seconds = (performance.now() - startedAt) / 1000;
  const spent = (await cpuMicrosOf(child)) - before;
  return { perSecond: count / seconds, cpuMicros: spent / count };
}

async function cpuMicrosOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ user, system }] = (await once(child, 'message')) as [NodeJS.CpuUsage];
  return user + system;
}
