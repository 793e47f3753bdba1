import { expect, test } from 'vitest';
import type { SystemRecord } from '#libs/engine/events/client-events.ts';
import { engineFailure } from '#libs/engine/model/failure.ts';
import { createAttemptReader } from './attempts.ts';

const nodePath = 'item/i';
const failure = engineFailure('LEASE_EXPIRED', 'silent');

function leased(fence: bigint, attempt: number, time: number, path = nodePath): SystemRecord {
  const hold = { itemSequence: 2, workerId: `w-${fence}`, sessionId: '', fence };
  const lease = { ...hold, leaseTime: time, expireTime: time + 1, noExpiry: false };
  return { kind: 'taskLeased', nodePath: path, lease, attempt };
}

function failed(attempt: number, workerId = ''): SystemRecord {
  return { kind: 'taskFailed', nodePath, failure, attempt, retryTime: undefined, workerId };
}

function read(...records: readonly (readonly [SystemRecord, number])[]): unknown[] {
  const reader = createAttemptReader(nodePath);
  for (const [record, time] of records) reader.add(record, time);
  return reader.attempts.map(({ attempt, workerId, startTime, endTime }) => [
    attempt,
    workerId,
    Number(startTime?.seconds ?? -1n),
    Number(endTime?.seconds),
  ]);
}

test('an attempt begins with its lease, not with an extension, and ends with its failure', () => {
  const attempts = read(
    [leased(1n, 1, 1_000), 1_000],
    [leased(1n, 1, 1_000), 2_000],
    [leased(9n, 1, 1_500, 'item/other'), 1_500],
    [failed(1), 3_000],
    [leased(2n, 2, 5_000), 5_000],
    [failed(2, 'w-2'), 6_000],
  );
  expect(attempts).toEqual([
    [1, 'w-1', 1, 3],
    [2, 'w-2', 5, 6],
  ]);
});

test('what was given back is no attempt, and a requeue begins anew', () => {
  const released: SystemRecord = { kind: 'taskReleased', nodePath, itemSequence: 2, reason: '' };
  const requeued: SystemRecord = { kind: 'taskRequeued', nodePath, itemSequence: 0, requestedBy: '' };
  const attempts = read(
    [leased(1n, 1, 1_000), 1_000],
    [failed(1), 2_000],
    [requeued, 3_000],
    [leased(2n, 1, 4_000), 4_000],
    [released, 5_000],
    [leased(3n, 1, 6_000), 6_000],
    [failed(1), 7_000],
  );
  expect(attempts).toEqual([[1, 'w-3', 6, 7]]);
});

test('one that was moved in the middle of an attempt ended with that', () => {
  const died = { kind: 'itemDied', nodePath, deadLetterId: 'd', reason: 'MOVED', movedBy: 'ann', failure } as const;
  expect(read([leased(1n, 1, 1_000), 1_000], [died, 2_000])).toEqual([[1, 'w-1', 1, 2]]);
  expect(read([died, 2_000])).toEqual([]);
});

test('the last hundred are told', () => {
  const records = Array.from({ length: 120 }, (_, at) => [failed(at + 1), at * 1_000] as const);
  const attempts = read(...records);
  expect(attempts).toHaveLength(100);
  expect(attempts[0]).toEqual([21, '', -1, 20]);
});
