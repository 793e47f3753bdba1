import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogError } from '#libs/engine/model/log-error.ts';
import { type EventBytes, splitEvents } from './event-bytes.ts';
import { foldEvents } from './fold-events.ts';
import { createHotRun, type HotRun } from './hot-run.ts';
import { createHistory, eventBytesOf, type History, rulesFor, smallMoves } from './testing/history.ts';

function freshOf({ hot }: History): HotRun {
  return createHotRun(hot.identity, rulesFor(hot.identity.driver), hot.start);
}

function allOf({ log, hot }: History): EventBytes {
  return eventBytesOf(log, 1, hot.baseTime);
}

describe.each(['SERVER', 'CLIENT'] as const)('the events of a %s run in the journal', (driver) => {
  test('give the run that they were made by, however they overlap, and each of them applies once', () => {
    fc.assert(
      fc.property(smallMoves, fc.array(fc.nat(), { maxLength: 6 }), (moves, cuts) => {
        const history = createHistory(driver);
        history.play(moves);
        const all = allOf(history);
        const hot = freshOf(history);
        for (const cut of cuts) foldEvents(hot, splitEvents(all, (cut % all.count) + 1)[0]);
        const isBehind = hot.tail.nextSequence <= all.count;
        expect(foldEvents(hot, all)).toBe(isBehind);
        expect(foldEvents(hot, all)).toBe(false);
        expect(hot.run).toEqual(history.hot.run);
        expect(hot.ended).toEqual(history.hot.ended);
        expect(hot.tail.nextSequence).toBe(all.count + 1);
        expect(hot.isDirty).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

test('events behind a gap are refused', () => {
  const history = createHistory('SERVER');
  history.act({ kind: 'pauseRun', requestedBy: '', reason: '' });
  const hot = freshOf(history);
  expect(() => foldEvents(hot, splitEvents(allOf(history), 2)[1])).toThrow(LogError);
  expect(hot.tail.nextSequence).toBe(1);
});

test('items that were scheduled may have a row, which the owner before wrote', () => {
  const history = createHistory('SERVER');
  history.act({ kind: 'terminateRun', requestedBy: '', reason: '' });
  const hot = freshOf(history);
  foldEvents(hot, allOf(history));
  expect([...hot.itemRows]).toEqual([2]);
  expect([...hot.standingItems]).toEqual([]);
});

test('what is kept of the journal keeps no memory of its records', () => {
  const history = createHistory('SERVER');
  const page = Buffer.alloc(50_000);
  const all = allOf(history);
  page.set(all.bytes, 40);
  const hot = freshOf(history);
  foldEvents(hot, { ...all, bytes: page.subarray(40, 40 + all.bytes.length) });
  expect(hot.tail.chunks.map(({ bytes }) => Buffer.from(bytes))).toEqual([Buffer.from(all.bytes)]);
  page.fill(0);
  expect(hot.tail.chunks.map(({ bytes }) => Buffer.from(bytes))).toEqual([Buffer.from(all.bytes)]);
});
