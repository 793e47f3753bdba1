import { expect, test } from 'vitest';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { StepContext as LoopStep } from '#libs/work-loop/run/function-run.ts';
import { valueOf } from '../values/value-codec.ts';
import { StepAttempts } from './step-attempts.ts';

const INFO = {
  runId: 'r1',
  incarnation: 'i1',
  workflow: 'flow',
  version: '1',
  attempt: 1,
  queue: 'default',
  priority: 3,
  tags: [],
};

function stepOf(attempt: number, details: (Payload | undefined)[] = []): LoopStep {
  return {
    signal: new AbortController().signal,
    attempt,
    idempotencyKey: 'i1/s/0',
    fence: 7n,
    heartbeat: (given) => details.push(given),
  };
}

test('a large result is given as it is to whoever waits, whichever attempt uploaded it last', async () => {
  const attempts = new StepAttempts(({ attempt }) => `result of ${attempt}`, {
    info: INFO,
    large: { isLarge: () => true, settle: async (payload) => ({ ...payload }) as Payload, load: async () => undefined },
  });
  const [first, second] = await Promise.all([attempts.call(stepOf(2)), attempts.call(stepOf(1))]);
  expect(valueOf(attempts.original(first), 'result')).toBe('result of 2');
  expect(valueOf(attempts.original(second), 'result')).toBe('result of 1');
});

test('the code of an attempt is given what it may take out of its context', () => {
  const details: (Payload | undefined)[] = [];
  const attempts = new StepAttempts(
    ({ attempt, fence, heartbeat, idempotencyKey, signal }) => {
      heartbeat('half');
      return [attempt, Number(fence), idempotencyKey, signal.aborted];
    },
    { info: INFO, large: { isLarge: () => false, settle: (payload) => payload, load: async () => undefined } },
  );
  const result = attempts.call(stepOf(3, details));
  expect(valueOf(result as Payload, 'result')).toEqual([3, 7, 'i1/s/0', false]);
  expect(details.map((given) => valueOf(given, 'details'))).toEqual(['half']);
});
