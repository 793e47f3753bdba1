import { setTimeout as sleep } from 'node:timers/promises';
import { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { answerCpu } from '../hot-path/answer-cpu.ts';
import type { Load } from '../hot-path/closed-loop.ts';
import { callsThrough, type DoorName } from './calls.ts';
import { cycleLoad, emptyLoad, saveLoad, WORKFLOW } from './loads.ts';

/** What is done again and again. */
export type Work = 'cycle' | 'save' | 'empty';

/** What a client is to measure. */
export interface RemoteOrder {
  readonly work: Work;
  readonly door: DoorName;
  readonly concurrency: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What it measured. */
export interface RemoteResult {
  readonly count: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Where the services are, by door. */
export interface RemoteAddresses {
  readonly state: Readonly<Record<DoorName, string>>;
  readonly echo: Readonly<Record<DoorName, string>>;
}

const addresses = JSON.parse(process.argv[2] ?? '{}') as RemoteAddresses;
answerCpu();
const loads = new Map<string, Load>();
const document = { value: { case: 'json', value: '{}' } } as const;
await callsThrough(
  'gRPC',
  addresses.state.gRPC,
)(DefinitionService).putDefinition({
  definition: { workflow: WORKFLOW, version: '1', content: { case: 'opaque', value: document } },
  activate: true,
});

process.on('message', (message: { readonly kind: string; readonly order?: RemoteOrder }) => {
  if (message.kind !== 'measure' || message.order === undefined) return;
  measure(message.order).then(
    (value) => process.send?.({ kind: 'result', value }),
    (error: unknown) => {
      process.stderr.write(`client: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.send?.({ kind: 'ready' });

function loadOf(work: Work, door: DoorName): Load {
  const name = `${work} ${door}`;
  let load = loads.get(name);
  if (load === undefined) {
    if (work === 'empty') load = emptyLoad(callsThrough(door, addresses.echo[door]));
    else if (work === 'save') load = saveLoad(callsThrough(door, addresses.state[door]));
    else load = cycleLoad(callsThrough(door, addresses.state[door]));
    loads.set(name, load);
  }
  return load;
}

async function measure({ work, door, concurrency, warmUpMs, measureMs }: RemoteOrder): Promise<RemoteResult> {
  const load = loadOf(work, door);
  load.start(concurrency);
  await sleep(warmUpMs);
  load.takeLatencies();
  const began = performance.now();
  process.send?.({ kind: 'begun' });
  await sleep(measureMs);
  const latencies = load.takeLatencies().toSorted((a, b) => a - b);
  const seconds = (performance.now() - began) / 1000;
  process.send?.({ kind: 'measured' });
  await load.stop();
  return {
    count: latencies.length,
    seconds,
    p50Ms: latencies[latencies.length >> 1] ?? Number.NaN,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
  };
}
