import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CALLS_PER_TURN, createCallTurns } from './call-turns.ts';

test('a call begins at once, and of many that come together some in each turn, in order', async () => {
  const turns = createCallTurns();
  const begun: number[] = [];
  const count = 2 * CALLS_PER_TURN + 3;
  for (let call = 0; call < count; call += 1) turns.begin(() => begun.push(call));
  expect(begun).toHaveLength(CALLS_PER_TURN);
  await nextTurn();
  expect(begun).toHaveLength(2 * CALLS_PER_TURN);
  turns.begin(() => begun.push(count));
  expect(begun).toHaveLength(2 * CALLS_PER_TURN);
  await nextTurn();
  expect(begun).toEqual(Array.from({ length: count + 1 }, (_, call) => call));
  await nextTurn();
  turns.begin(() => begun.push(-1));
  expect(begun.at(-1)).toBe(-1);
});
