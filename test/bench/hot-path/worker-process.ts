import { create } from '@bufbuild/protobuf';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { DefinitionSchema } from '#gen/millrace/workflow/v1/definition_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import type { RunFunction } from '#libs/work-loop/run/function-run.ts';
import { createWorker } from '#libs/work-loop/worker.ts';
import type { WorkerFunction } from '#libs/work-loop/worker-options.ts';
import { median } from '../report.ts';
import { answerCpu } from './answer-cpu.ts';

/** Bytes of each result. */
const RESULT_BYTES = 100;

/** Steps whose median is told. */
const WINDOW = 900;
/** Far beyond any measurement. */
const SLEEP_MS: number = 30 * 24 * 60 * 60 * 1000;

const [address = '', steps = '1', slots = '1000', yieldMs = '5000', windows = ''] = process.argv.slice(2);
answerCpu();
const longWindows = windows === '' ? [] : windows.split(',').map(Number);
const longFigures: number[] = [];
const result: Payload = {
  $typeName: 'millrace.common.v1.Payload',
  contentType: '',
  encodings: [],
  value: { case: 'data', value: Buffer.alloc(RESULT_BYTES, 120) },
};
const worker = createWorker({
  channel: createChannel({ address }),
  workerId: `bench-${process.pid}`,
  slots: Number(slots),
  functions: [
    functionOf('bench', async (run) => {
      for (let step = 1; step <= Number(steps); step += 1) await run.step('step', () => result);
      return result;
    }),
    functionOf('bench-signal', async (run) => (await run.waitSignal('go'))?.payload),
    functionOf('bench-long', async (run) => {
      const took = new Map<number, number>();
      for (let step = 1; step <= Number(steps); step += 1) {
        const began = performance.now();
        await run.step('step', () => result);
        took.set(step, performance.now() - began);
        if (took.size > WINDOW) took.delete(step - WINDOW);
        if (longWindows.includes(step)) longFigures.push(median([...took.values()]));
      }
      process.send?.({ kind: 'long', value: longFigures });
      return result;
    }),
    functionOf('bench-sleep', async (run) => {
      await run.sleep(SLEEP_MS);
      return undefined;
    }),
  ],
  limits: { yieldMs: Number(yieldMs) },
  onTrouble: (error) => process.stderr.write(`worker: ${error.message}\n`),
});
await worker.ready;
process.send?.({ kind: 'ready' });

function functionOf(workflow: string, code: RunFunction): WorkerFunction {
  const content = { case: 'function', value: {} } as const;
  return { workflow, version: '1', code, definition: create(DefinitionSchema, { workflow, version: '1', content }) };
}
