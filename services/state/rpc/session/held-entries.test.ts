import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Owner } from '#libs/partition/ownership/ownership.ts';
import { createHeldEntries, type HeldEntries } from './held-entries.ts';
import { waitOf } from './session-message.ts';

const AWAY = new DomainError('UNAVAILABLE', 'away');
const far = (nodeId: string): Owner => ({ kind: 'peer', nodeId, address: `${nodeId}:7400` });

interface Bench {
  readonly held: HeldEntries;
  readonly told: string[];
  readonly change: (owner: Owner) => void;
}

function createBench(first: Owner): Bench {
  let owner = first;
  const listeners = new Set<() => void>();
  const told: string[] = [];
  const held = createHeldEntries({
    cluster: {
      ownerOf: () => owner,
      onChange: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    partitionOf: () => 0,
    nowMs: () => Date.now(),
    onReady: ({ call }) => told.push(`ready ${call}`),
    onLate: ({ call }, { message }) => told.push(`late ${call} ${message}`),
  });
  const change = (next: Owner): void => {
    owner = next;
    for (const listener of listeners) listener();
  };
  return { held, told, change };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('an entry is handled anew as soon as its partition has another owner', () => {
  const { held, told, change } = createBench(far('a'));
  expect(held.hold(waitOf(1, 'r', ''), 'a', AWAY)).toBe(true);
  change({ kind: 'nobody' });
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([]);
  change(far('b'));
  expect(told).toEqual(['ready 1']);
  vi.advanceTimersByTime(60_000);
  expect(told).toHaveLength(1);
});

test('a node that refuses an entry and keeps the partition has refused it for good', () => {
  const { held, told } = createBench(far('a'));
  held.hold(waitOf(1, 'r', ''), 'a', AWAY);
  vi.advanceTimersByTime(200);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(told).toEqual(['late 1 away']);
});

test('an entry is held for five seconds, however often', () => {
  const { held, told, change } = createBench({ kind: 'nobody' });
  const message = waitOf(1, 'r', '');
  held.hold(message, '', AWAY);
  vi.advanceTimersByTime(3_000);
  change({ kind: 'self' });
  change({ kind: 'nobody' });
  held.hold(message, 'self', AWAY);
  vi.advanceTimersByTime(1_900);
  expect(told).toEqual(['ready 1']);
  vi.advanceTimersByTime(200);
  expect(told).toEqual(['ready 1', 'late 1 away']);
});

test('what may have been done and has nothing to be known again by is not held', () => {
  const { held } = createBench({ kind: 'nobody' });
  const control = {
    $typeName: 'millrace.state.v1.SessionControl',
    call: 1,
    runId: 'r',
    incarnation: '',
    action: 1,
    reason: '',
    requestedBy: '',
    requestId: '',
  } as const;
  expect(held.hold(control, '', AWAY)).toBe(false);
  expect(held.hold({ ...control, requestId: 'once' }, '', AWAY)).toBe(true);
  expect(held.forget(1)).toBe(true);
  expect(held.forget(1)).toBe(false);
});
