import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { FindAvailableTasksRequestSchema } from '#gen/millrace/state/v1/claim_service_pb.ts';
import { ListRunsRequestSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { guardOf } from './guard.ts';
import { violationsOf } from './validate.ts';
import { isMoment, isSpan } from './well-known-values.ts';

test.each([
  [-62_135_596_800n, 0, true],
  [-62_135_596_801n, 999_999_999, false],
  [253_402_300_799n, 999_999_999, true],
  [253_402_300_800n, 0, false],
  [0n, -1, false],
  [0n, 1_000_000_000, false],
])('%d s and %d ns are a moment: %s', (seconds, nanos, isOne) => {
  expect(isMoment({ seconds, nanos })).toBe(isOne);
});

test.each([
  [315_576_000_000n, 0, true],
  [315_576_000_001n, 0, false],
  [-1n, -999_999_999, true],
  [0n, -1, true],
  [1n, -1, false],
  [-1n, 1, false],
  [0n, 1_000_000_000, false],
])('%d s and %d ns are a duration: %s', (seconds, nanos, isOne) => {
  expect(isSpan({ seconds, nanos })).toBe(isOne);
});

test('numbers that make no time or duration are told by their path', () => {
  const list = create(ListRunsRequestSchema, { filter: { minStartTime: { seconds: 0n, nanos: -1 } } });
  expect(violationsOf(ListRunsRequestSchema, list)).toEqual([
    {
      field: 'filter.min_start_time',
      description: 'must be a moment between the years 1 and 9999',
      rule: 'timestamp.valid',
    },
  ]);
  expect(guardOf(ListRunsRequestSchema)(list)).toBe(false);
  const aging = { case: 'agingInterval', value: { seconds: 1n, nanos: -1 } } as const;
  const find = create(FindAvailableTasksRequestSchema, { workerId: 'w', limit: 1, aging });
  expect(violationsOf(FindAvailableTasksRequestSchema, find).map(({ field }) => field)).toEqual(['aging_interval']);
  expect(guardOf(FindAvailableTasksRequestSchema)(find)).toBe(false);
});
