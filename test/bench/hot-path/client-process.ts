import { createChannel } from '#libs/rpc/client/channel.ts';
import { answerCpu } from './answer-cpu.ts';
import { sdkLoad } from './sdk-load.ts';
import { sessionLoad } from './session-load.ts';
import { unaryLoad } from './unary-load.ts';

/** What a client is to measure. */
export interface ClientOrder {
  /** By the public session, by unary StartRun and WaitRun, or by the client of the SDK. */
  readonly by: 'session' | 'unary' | 'sdk';
  /** How many runs are under way at a time. */
  readonly concurrency: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What it measured. */
export interface ClientResult {
  readonly runs: number;
  readonly seconds: number;
  /** From the start to the news of the end, of the runs that ended while it was measured, in milliseconds. */
  readonly latencies: readonly number[];
}

const [address = ''] = process.argv.slice(2);
answerCpu();
const channel = createChannel({ address });
const loads = { session: sessionLoad(channel), unary: unaryLoad(channel), sdk: sdkLoad(address) };

process.on('message', (message: { readonly kind: string; readonly order?: ClientOrder }) => {
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

async function measure({ by, concurrency, warmUpMs, measureMs }: ClientOrder): Promise<ClientResult> {
  const load = loads[by];
  load.start(concurrency);
  await pause(warmUpMs);
  load.takeLatencies();
  const began = performance.now();
  await pause(measureMs);
  const latencies = load.takeLatencies();
  const seconds = (performance.now() - began) / 1000;
  await load.stop();
  return { runs: latencies.length, seconds, latencies };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
