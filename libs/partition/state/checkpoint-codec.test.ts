import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogError, type LogErrorReason } from '#libs/engine/model/log-error.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-codec.ts';
import { createPartitionState, evolvePartition, isApplied, outboxTo, type PartitionState } from './partition-state.ts';
import { partitionEvents } from './testing/partition-events.ts';

/** States that random events lead to: messages have the numbers that they are to have. */
const states: fc.Arbitrary<PartitionState> = fc
  .tuple(fc.maxSafeNat(), fc.array(partitionEvents, { maxLength: 40, size: 'max' }))
  .map(([time, events]) => {
    const state = createPartitionState();
    state.time = time;
    for (const event of events) {
      switch (event.kind) {
        case 'messageQueued': {
          const targetPartition = event.targetPartition % 3;
          evolvePartition(state, { ...event, targetPartition, number: outboxTo(state, targetPartition).nextNumber });
          break;
        }
        case 'messageApplied': {
          const sourcePartition = event.sourcePartition % 3;
          const number = (state.applied.get(sourcePartition) ?? 0) + 1;
          evolvePartition(state, { ...event, sourcePartition, number });
          break;
        }
        case 'messagesAcknowledged':
          break;
        default:
          evolvePartition(state, event);
      }
    }
    return state;
  });

function reasonOf(action: () => unknown): LogErrorReason | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof LogError) return error.reason;
    throw error;
  }
  return undefined;
}

test('a state is the same after it was packed and read, but for what has rows of its own', () => {
  fc.assert(
    fc.property(states, (state) => {
      const read = decodeCheckpoint(encodeCheckpoint(state));
      expect(read.time).toBe(state.time);
      expect(read.applied).toEqual(state.applied);
      expect(read.unborn).toEqual(state.unborn);
      expect(read.quarantined).toEqual(state.quarantined);
      expect(read.deletions).toEqual(state.deletions);
      expect([...read.diverged.values()]).toEqual([...state.diverged.values()]);
      expect([read.requests.size, read.acknowledged.length]).toEqual([0, 0]);
      for (const [target, { nextNumber }] of state.outboxes) {
        expect(outboxTo(read, target)).toEqual({ nextNumber, waiting: new Map() });
      }
    }),
  );
});

test('what comes after a checkpoint goes on where the state was', () => {
  const state = createPartitionState();
  evolvePartition(state, { kind: 'messageQueued', targetPartition: 2, number: 1, body: Uint8Array.of(1) });
  evolvePartition(state, { kind: 'messageApplied', sourcePartition: 5, number: 1 });
  const read = decodeCheckpoint(encodeCheckpoint(state));
  evolvePartition(read, { kind: 'messageQueued', targetPartition: 2, number: 2, body: Uint8Array.of(1) });
  evolvePartition(read, { kind: 'messagesAcknowledged', targetPartition: 2, upTo: 1 });
  expect([...outboxTo(read, 2).waiting.keys()]).toEqual([2]);
  expect([1, 2].map((number) => isApplied(read, 5, number))).toEqual(['known', 'next']);
});

describe('[8] a checkpoint', () => {
  test('that is cut anywhere, too long, or of a newer format is a named error', () => {
    fc.assert(
      fc.property(states, (state) => {
        const bytes = encodeCheckpoint(state);
        for (let size = 0; size < bytes.length; size += Math.ceil(bytes.length / 50)) {
          expect(reasonOf(() => decodeCheckpoint(bytes.subarray(0, size)))).toBe('TRUNCATED');
        }
        expect(reasonOf(() => decodeCheckpoint(Uint8Array.from([...bytes, 0])))).toBe('MALFORMED');
        expect(reasonOf(() => decodeCheckpoint(Uint8Array.from([2, ...bytes.subarray(1)])))).toBe('UNKNOWN_VERSION');
      }),
      { numRuns: 30 },
    );
  });

  test('with events of a kind that is not known is a named error', () => {
    const state = createPartitionState();
    evolvePartition(state, { kind: 'runDeleted', tenantId: '', runId: '', incarnation: '' });
    const bytes = encodeCheckpoint(state);
    const at = bytes.lastIndexOf(9);
    bytes[at] = 99;
    expect(reasonOf(() => decodeCheckpoint(bytes))).toBe('UNKNOWN_KIND');
  });

  test('at random is a named error or a state, never a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        reasonOf(() => decodeCheckpoint(Uint8Array.from([1, ...tail])));
      }),
      { numRuns: 2_000 },
    );
  });
});
