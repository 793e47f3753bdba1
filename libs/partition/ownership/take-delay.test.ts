import { expect, test } from 'vitest';
import type { LeaseNote } from './lease-note.ts';
import type { SeenLease } from './sight.ts';
import { type TakeQuestion, takeDelayMs } from './take-delay.ts';

const LEASE_MS = 10_000;

function leaseOf(nodeId: string, note: Partial<LeaseNote> = {}): SeenLease {
  return {
    row: { partition: 0, nodeId, epoch: 1, revision: 1, body: new Uint8Array() },
    note: { format: 1, target: '', refusers: [], ...note },
  };
}

function delay(lease: SeenLease | undefined, change: Partial<TakeQuestion> = {}): number {
  return takeDelayMs({
    lease,
    order: ['x', 'me', 'y'],
    nodeId: 'me',
    leaseMs: LEASE_MS,
    isExclusive: false,
    isAlive: (nodeId) => ['x', 'me', 'y'].includes(nodeId),
    ...change,
  });
}

test('what nobody ever owned goes to the first in the order at once, to the next a lease later', () => {
  expect(delay(undefined, { order: ['me', 'x'] })).toBe(0);
  expect(delay(undefined)).toBe(LEASE_MS);
  expect(delay(undefined, { order: ['x', 'y', 'me'] })).toBe(2 * LEASE_MS);
});

test('what was freed for a node is taken by it at once, wherever it stands in the order', () => {
  expect(delay(leaseOf('', { target: 'me' }), { order: ['x', 'y', 'me'] })).toBe(0);
  expect(delay(leaseOf('', { target: 'x' }))).toBe(LEASE_MS);
  expect(delay(leaseOf('', { target: 'y' }))).toBe(2 * LEASE_MS);
});

test('what was freed for a node that is not alive any more goes by the order', () => {
  expect(delay(leaseOf('', { target: 'gone' }), { order: ['me', 'x'] })).toBe(0);
  expect(delay(leaseOf('', { target: 'gone' }))).toBe(LEASE_MS);
});

test('[90] what another node owns is taken after a lease, the owner left out of the order', () => {
  expect(delay(leaseOf('x'))).toBe(LEASE_MS);
  expect(delay(leaseOf('gone'))).toBe(2 * LEASE_MS);
  expect(delay(leaseOf('x'), { order: ['y', 'x', 'me'] })).toBe(2 * LEASE_MS);
});

test('a row with the own name, which is not held, is taken at once', () => {
  expect(delay(leaseOf('me'))).toBe(0);
});

test('in an exclusive store nothing is waited for', () => {
  expect(delay(leaseOf('gone'), { order: ['me'], isExclusive: true })).toBe(0);
});

test('who is not in the order never takes', () => {
  expect(delay(leaseOf('', { target: 'me' }), { order: ['x'] })).toBe(Number.POSITIVE_INFINITY);
  expect(delay(undefined, { order: [] })).toBe(Number.POSITIVE_INFINITY);
});
