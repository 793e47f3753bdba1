import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogError, type LogErrorReason } from '#libs/engine/model/log-error.ts';
import type { Driver } from '#libs/engine/model/status.ts';
import { copyEvents, countEvents, decodeEvents, joinEvents, nextSequence, splitEvents } from './event-bytes.ts';
import { createHistory, eventBytesOf, type History, plainMove, smallMoves } from './testing/history.ts';

function reasonOf(action: () => unknown): LogErrorReason | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof LogError) return error.reason;
    throw error;
  }
  return undefined;
}

/** A history with a few events of a driver. */
function someHistory(driver: Driver = 'SERVER'): History {
  const history = createHistory(driver);
  history.play(Array.from({ length: 20 }, (_, at) => plainMove({ choice: at, a: 1, b: 2, elapsedMs: 5 })));
  return history;
}

describe.each(['SERVER', 'CLIENT'] as const)('events of a %s run', (driver) => {
  test('are the same after they were cut anywhere, joined and read', () => {
    fc.assert(
      fc.property(smallMoves, fc.nat(), (moves, cut) => {
        const history = createHistory(driver);
        history.play(moves);
        const { log, hot } = history;
        const all = eventBytesOf(log, 1, hot.baseTime);
        const at = cut % (log.length + 2);
        const [before, after] = splitEvents(all, at);
        expect(before.count + after.count).toBe(log.length);
        expect(nextSequence(before)).toBe(after.firstSequence);
        expect(decodeEvents(before, hot.baseTime)).toEqual(log.slice(0, before.count));
        expect(decodeEvents(after, hot.baseTime)).toEqual(log.slice(before.count));
        expect(joinEvents([before, after], 1)).toEqual(all);
        expect(countEvents(all.bytes)).toBe(log.length);
      }),
      { numRuns: 30 },
    );
  });
});

test('cutting before the first or behind the last event leaves one part empty', () => {
  const { log, hot } = someHistory();
  const all = eventBytesOf(log.slice(2), 3, hot.baseTime);
  expect(splitEvents(all, 1).map(({ count }) => count)).toEqual([0, all.count]);
  expect(splitEvents(all, 10_000).map(({ count }) => count)).toEqual([all.count, 0]);
  expect(splitEvents(all, 1)[0].firstSequence).toBe(3);
});

test('a copy does not keep what it was taken from in memory, even a Buffer, whose slice is a view', () => {
  const page = Buffer.alloc(4_096);
  const copy = copyEvents({ firstSequence: 1, count: 1, bytes: page.subarray(100, 110) });
  expect(copy.bytes).toEqual(new Uint8Array(10));
  expect(copy.bytes.buffer.byteLength).toBe(10);
});

describe('[8] bytes of events', () => {
  const { log, hot } = someHistory();
  const all = eventBytesOf(log, 1, hot.baseTime);

  test('that are cut anywhere are a named error', () => {
    for (let size = 0; size < all.bytes.length; size += 1) {
      const bytes = all.bytes.subarray(0, size);
      expect(reasonOf(() => decodeEvents({ ...all, bytes }, hot.baseTime))).toBe('TRUNCATED');
      expect(reasonOf(() => splitEvents({ ...all, bytes }, 10_000))).toBe('TRUNCATED');
    }
  });

  test('that hold more events than they say are a named error', () => {
    expect(reasonOf(() => decodeEvents({ ...all, count: all.count - 1 }, hot.baseTime))).toBe('MALFORMED');
  });

  test('that say that they hold more events than there can be are a named error', () => {
    const endless = { ...all, count: Number.MAX_SAFE_INTEGER - 1 };
    expect(reasonOf(() => decodeEvents(endless, hot.baseTime))).toBe('TRUNCATED');
    expect(reasonOf(() => splitEvents(endless, Number.MAX_SAFE_INTEGER))).toBe('TRUNCATED');
  });

  test('whose numbers are not the next ones, or cannot stand where they stand, are a named error', () => {
    const gap = eventBytesOf([...log.slice(0, 2), ...log.slice(3)], 1, hot.baseTime);
    const twice = eventBytesOf([...log.slice(0, 2), ...log.slice(1)], 1, hot.baseTime);
    const early = eventBytesOf(log.slice(3), 2, hot.baseTime);
    for (const events of [gap, twice, early]) {
      expect(reasonOf(() => decodeEvents(events, hot.baseTime))).toBe('INCONSISTENT');
    }
  });

  test('at random are a named error or events, never a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5), (bytes, count) => {
        reasonOf(() => decodeEvents({ firstSequence: 1, count, bytes }, hot.baseTime));
        reasonOf(() => splitEvents({ firstSequence: 1, count, bytes }, 3));
        reasonOf(() => countEvents(bytes));
      }),
      { numRuns: 1_000 },
    );
  });
});

test('a system record of a CLIENT run has a place of its own, and the number of the event before it', () => {
  const history = someHistory('CLIENT');
  const records = history.log.filter(({ kind }) => kind === 'systemRecord').length;
  expect(records).toBeGreaterThan(1);
  expect(history.hot.tail.nextSequence).toBe(history.log.length + 1);
  expect(history.hot.run.lastSequence).toBe(history.log.length - records);
});
