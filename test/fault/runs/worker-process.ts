import { create } from '@bufbuild/protobuf';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { DefinitionSchema } from '#gen/millrace/workflow/v1/definition_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import type { FunctionRun, RunFunction } from '#libs/work-loop/run/function-run.ts';
import { createWorker } from '#libs/work-loop/worker.ts';
import type { WorkerFunction } from '#libs/work-loop/worker-options.ts';
import { openDiary } from './diary.ts';
import { payloadOf, textOf } from './texts.ts';

const [address = '', diaryPath = '', slots = '100'] = process.argv.slice(2);
const diary = openDiary(diaryPath);
let lastToken = 0;

/** Runs a step that writes down that it ran, and what the function was given for it. */
async function note(run: FunctionRun, step: string): Promise<void> {
  const { runId } = run.facts;
  const given = await run.step('step', () => {
    lastToken += 1;
    const token = `${process.pid}-${lastToken}`;
    diary.write({ kind: 'ran', runId, step, token });
    return payloadOf(token);
  });
  diary.write({ kind: 'given', runId, step, token: textOf(given) });
}

function functionOf(workflow: string, code: RunFunction): WorkerFunction {
  const content = { case: 'function', value: {} } as const;
  return { workflow, version: '1', code, definition: create(DefinitionSchema, { workflow, version: '1', content }) };
}

async function noteSteps(run: FunctionRun): Promise<Payload | undefined> {
  const steps = Number(textOf(run.input));
  for (let step = 1; step <= steps; step += 1) await note(run, `${step}`);
  return run.input;
}

const worker = createWorker({
  channel: createChannel({ address }),
  slots: Number(slots),
  functions: [
    functionOf('steps', noteSteps),
    functionOf('signal', async (run) => {
      await note(run, '1');
      const signal = await run.waitSignal('go');
      await note(run, '2');
      return signal?.payload;
    }),
    functionOf('parent', async (run) => {
      await note(run, '1');
      const children = Array.from({ length: Number(textOf(run.input)) }, (_, index) =>
        run.child('steps', payloadOf('2'), { runId: `${run.facts.runId}-child-${index}` }),
      );
      const outputs = await Promise.all(children);
      await note(run, '2');
      return payloadOf(outputs.map(textOf).join());
    }),
  ],
});
await worker.ready;
process.send?.('ready');
