import { expect, test } from 'vitest';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { memoryWorker } from '../testing/memory-worker.ts';
import { until } from '../testing/quick-worker.ts';
import { TestDispatch } from '../testing/test-dispatch.ts';
import { text, textOf } from '../testing/text.ts';
import type { Call, CallHost } from './call.ts';
import { ChildCall } from './child-call.ts';
import { ChildIndex } from './child-index.ts';

const name = { scope: '', name: 'child', occurrence: 0 };
const host = { activeCount: 0 } as CallHost;

function callOf(): ChildCall {
  const given = { of: 'end', resolve: () => undefined } as const;
  return new ChildCall(
    host,
    name,
    {} as never,
    given,
    () => undefined,
    () => undefined,
  );
}

/** Nanoseconds that the end of one of so many children takes to be found. */
function lookUpNs(children: number): number {
  const index = new ChildIndex();
  const calls: Call[] = [];
  for (let sequence = 1; sequence <= children; sequence += 1) {
    const call = callOf();
    calls.push(call);
    index.schedule(sequence, call);
  }
  const times = Array.from({ length: 7 }, () => {
    const began = performance.now();
    for (let look = 0; look < 2_000; look += 1) index.maybeScheduled(BigInt(children - (look % 100)));
    return ((performance.now() - began) / 2_000) * 1e6;
  });
  expect(index.maybeScheduled(BigInt(children))).toBe(calls.at(-1));
  return Math.min(...times);
}

test('news of a child takes no longer to be matched among many children than among few', () => {
  expect(lookUpNs(10_000)).toBeLessThan(lookUpNs(100) * 20);
});

test('each of many children is given its own end, in whatever order they end', async () => {
  const dispatch = new TestDispatch();
  const run = dispatch.start('r1');
  const worker = memoryWorker(dispatch, async (ctx) => {
    const outputs = await Promise.all(
      Array.from({ length: 500 }, (_, index) => ctx.child('pick', text(`${index}`), { runId: `c${index}` })),
    );
    return text(String(outputs.every((output, index) => textOf(output) === `output of c${index}`)));
  });
  await until(() => run.stepCount === 500);
  const scheduled = run.log.flatMap(({ kind, sequence }) =>
    kind.case === 'childScheduled' ? [{ kind, sequence }] : [],
  );
  for (const { kind, sequence } of scheduled.toReversed()) {
    const { runId } = kind.value;
    const value = {
      scheduledSequence: sequence,
      runId,
      status: RunStatus.COMPLETED,
      output: text(`output of ${runId}`),
    };
    dispatch.happen(run, { case: 'childEnded', value });
  }
  await until(() => run.status !== 'open');
  worker.close();
  expect(textOf(run.output)).toBe('true');
});
