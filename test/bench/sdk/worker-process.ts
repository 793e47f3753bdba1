import { signal, Worker, workflow } from '#libs/sdk/millrace.ts';
import { answerCpu } from '../hot-path/answer-cpu.ts';

/** What each step gives: 100 bytes of JSON. */
const RESULT = 'x'.repeat(98);

const go = signal('go');

const [address = '', steps = '1', yieldMs = '5000'] = process.argv.slice(2);
answerCpu();

const bench = workflow('bench-sdk', async (ctx, _input: string): Promise<string> => {
  for (let step = 1; step <= Number(steps); step += 1) await ctx.step('step', () => RESULT);
  return RESULT;
});

const replay = workflow('bench-replay', async (ctx) => {
  for (let step = 1; step <= Number(steps); step += 1) await ctx.step('step', () => RESULT);
  process.send?.({ kind: 'stepped', value: performance.timeOrigin + performance.now() });
  await ctx.waitFor(go);
});

const worker = new Worker({
  address,
  workflows: [bench, replay],
  workerId: `bench-sdk-${process.pid}`,
  slots: 1_000,
  limits: { yieldMs: Number(yieldMs) },
  onTrouble: (error) => process.stderr.write(`worker: ${error.message}\n`),
});
await worker.start();
process.send?.({ kind: 'ready' });
