import { describe, expect, test } from 'vitest';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { PartitionEvent, SignalUnborn } from './partition-event.ts';
import {
  createPartitionState,
  evolvePartition,
  forgetExpired,
  isApplied,
  outboxTo,
  type PartitionState,
  requestScope,
} from './partition-state.ts';

const body = Uint8Array.of(1);

function queued(targetPartition: number, number: number): PartitionEvent {
  return { kind: 'messageQueued', targetPartition, number, body };
}

function stateAfter(...events: readonly PartitionEvent[]): PartitionState {
  const state = createPartitionState();
  for (const event of events) evolvePartition(state, event);
  return state;
}

function reasonOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    return error instanceof LogError ? error.reason : String(error);
  }
  return 'none';
}

function waitingOf(state: PartitionState, target: number): readonly number[] {
  return [...outboxTo(state, target).waiting.keys()];
}

describe('the outbox of a partition', () => {
  test('numbers the messages to each other partition from 1, without gaps', () => {
    const state = stateAfter(queued(4, 1), queued(7, 1), queued(4, 2));
    expect(waitingOf(state, 4)).toEqual([1, 2]);
    expect(waitingOf(state, 7)).toEqual([1]);
    expect(outboxTo(state, 4).nextNumber).toBe(3);
    for (const number of [0, 1, 2, 4]) {
      expect(reasonOf(() => evolvePartition(state, queued(4, number)))).toBe('NOT_NEXT');
    }
    expect(waitingOf(state, 4)).toEqual([1, 2]);
  });

  test('keeps messages until they are acknowledged, and notes the rows that are to go', () => {
    const state = stateAfter(queued(4, 1), queued(4, 2), queued(4, 3));
    const second = outboxTo(state, 4).waiting.get(2);
    if (second === undefined) throw new TypeError('no message');
    second.hasRow = true;
    evolvePartition(state, { kind: 'messagesAcknowledged', targetPartition: 4, upTo: 2 });
    expect(waitingOf(state, 4)).toEqual([3]);
    expect(state.acknowledged).toEqual([second]);
    evolvePartition(state, { kind: 'messagesAcknowledged', targetPartition: 4, upTo: 1 });
    expect(waitingOf(state, 4)).toEqual([3]);
    evolvePartition(state, queued(4, 4));
    expect(waitingOf(state, 4)).toEqual([3, 4]);
  });

  test('refuses that a message is acknowledged that was never sent', () => {
    const state = stateAfter(queued(4, 1));
    for (const [targetPartition, upTo] of [
      [4, 2],
      [5, 1],
    ] as const) {
      const event = { kind: 'messagesAcknowledged', targetPartition, upTo } as const;
      expect(reasonOf(() => evolvePartition(state, event))).toBe('INCONSISTENT');
    }
    expect(waitingOf(state, 4)).toEqual([1]);
  });
});

test('[95] a message of another partition takes effect once, and none is skipped', () => {
  const state = createPartitionState();
  const applied = (number: number): PartitionEvent => ({ kind: 'messageApplied', sourcePartition: 9, number });
  expect([0, 1, 2].map((number) => isApplied(state, 9, number))).toEqual(['known', 'next', 'gap']);
  evolvePartition(state, applied(1));
  evolvePartition(state, applied(2));
  expect([1, 2, 3, 4].map((number) => isApplied(state, 9, number))).toEqual(['known', 'known', 'next', 'gap']);
  expect(isApplied(state, 8, 1)).toBe('next');
  for (const number of [1, 2, 4]) expect(reasonOf(() => evolvePartition(state, applied(number)))).toBe('NOT_NEXT');
  expect(state.applied.get(9)).toBe(2);
});

test('[41] answers are kept by tenant, run, call and request, whatever characters those have', () => {
  const key = { tenantId: 't', runId: 'r', rpc: 'StartRun', requestId: 'q' };
  const keys = [
    key,
    { ...key, tenantId: 't","r' },
    { ...key, runId: 'r","StartRun' },
    { ...key, tenantId: '', runId: 'tr' },
    { ...key, requestId: 'q"' },
  ];
  const state = stateAfter(
    ...keys.map((one) => ({
      kind: 'requestAnswered' as const,
      ...one,
      argumentsHash: body,
      reply: body,
      expireTime: 5,
    })),
  );
  expect(state.requests.size).toBe(keys.length);
  expect(state.requests.get(requestScope(key))).toMatchObject({ ...key, expireTime: 5 });
});

describe('signals for a run that does not exist', () => {
  function unborn(runId: string, name: string, expireTime: number): SignalUnborn {
    return {
      kind: 'signalUnborn',
      tenantId: 't',
      runId,
      name,
      signalId: '',
      payload: undefined,
      sendTime: 1,
      expireTime,
    };
  }
  const names = (state: PartitionState): readonly string[] => [...state.unborn.values()].flat().map(({ name }) => name);

  test('wait in their order, and go when the run takes them', () => {
    const state = stateAfter(unborn('r', 'a', 9), unborn('s', 'b', 9), unborn('r', 'c', 9));
    expect(names(state)).toEqual(['a', 'c', 'b']);
    evolvePartition(state, { kind: 'unbornTaken', tenantId: 't', runId: 'r' });
    expect(names(state)).toEqual(['b']);
    evolvePartition(state, { kind: 'unbornTaken', tenantId: 'other', runId: 's' });
    expect(names(state)).toEqual(['b']);
  });

  test('[36] are forgotten once they waited too long, and only then', () => {
    const state = stateAfter(unborn('r', 'a', 9), unborn('r', 'b', 12), unborn('s', 'c', 10));
    forgetExpired(state, 8);
    expect(names(state)).toEqual(['a', 'b', 'c']);
    forgetExpired(state, 10);
    expect(names(state)).toEqual(['b']);
    forgetExpired(state, 12);
    expect(state.unborn.size).toBe(0);
  });
});

test('[93] a run is quarantined until it is released, and an incarnation that was deleted is noted', () => {
  const run = { tenantId: 't', runId: 'r' };
  const state = stateAfter(
    { kind: 'runQuarantined', ...run, incarnation: 'i1', message: 'm', time: 3 },
    { kind: 'runDeleted', ...run, incarnation: 'i0' },
    { kind: 'runDeleted', ...run, incarnation: 'i1' },
  );
  expect([...state.quarantined.values()]).toMatchObject([{ incarnation: 'i1', message: 'm', time: 3 }]);
  expect([...state.deletions.keys()]).toEqual(['i0', 'i1']);
  evolvePartition(state, { kind: 'runReleased', ...run });
  expect(state.quarantined.size).toBe(0);
});
