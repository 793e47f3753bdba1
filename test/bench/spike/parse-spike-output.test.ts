import { expect, test } from 'vitest';
import { parseSpikeOutput } from './parse-spike-output.ts';

test('the figures of the spike are read, and other lines passed over', () => {
  const output = 'ready\nN=10 C=64 wf/s 6352 steps/s 63520 p50 9.60 p99 25.07 cpu state/worker/client 55%,28%,6%\n';
  expect(parseSpikeOutput(output)).toEqual([
    {
      steps: 10,
      concurrency: 64,
      runsPerSecond: 6352,
      p50Ms: 9.6,
      p99Ms: 25.07,
      cpu: { state: 0.55, worker: 0.28, client: 0.06 },
    },
  ]);
});

test('a spike that printed no figure is not taken for a measured one', () => {
  expect(() => parseSpikeOutput('ready\nN=10 C=64 wf/s 0 steps/s 0 p50 undefined p99 undefined')).toThrow(
    'the spike printed no figure',
  );
});
