import { expect, test } from 'vitest';
import { createHistory } from '../runs/testing/history.ts';
import { createDirtyRuns, type DirtyRuns } from './dirty-runs.ts';

function threeRuns() {
  const dirty = createDirtyRuns();
  const histories = [createHistory('SERVER'), createHistory('SERVER'), createHistory('SERVER')] as const;
  for (const { hot } of histories) dirty.add(hot);
  return { dirty, histories };
}

function end(dirty: DirtyRuns, { hot, act }: ReturnType<typeof createHistory>): void {
  act({ kind: 'terminateRun', requestedBy: 'ann', reason: 'enough' });
  expect(hot.ended).toBeDefined();
  dirty.noteEnd(hot);
}

test('runs that have ended are counted apart and taken apart, the first one first', () => {
  const { dirty, histories } = threeRuns();
  const [a, b, c] = histories;
  end(dirty, c);
  end(dirty, a);
  expect([dirty.size, dirty.endedCount]).toEqual([3, 2]);
  expect(dirty.takeEnded(1)).toEqual([c.hot]);
  expect(dirty.takeEnded(5)).toEqual([a.hot]);
  expect(dirty.takeEnded(5)).toEqual([]);
  expect([dirty.size, dirty.endedCount, dirty.takeAll()]).toEqual([1, 0, [b.hot]]);
  expect(dirty.size).toBe(0);
});

test('a run that has ended before it is added is one of those, and none is counted twice', () => {
  const { dirty, histories } = threeRuns();
  const [a, b, c] = histories;
  end(dirty, a);
  dirty.noteEnd(a.hot);
  dirty.add(a.hot);
  expect([dirty.size, dirty.endedCount]).toEqual([3, 1]);
  dirty.delete(a.hot);
  dirty.delete(b.hot);
  dirty.noteEnd(a.hot);
  expect([dirty.size, dirty.endedCount, dirty.takeAll()]).toEqual([1, 0, [c.hot]]);
});
