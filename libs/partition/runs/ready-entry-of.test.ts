import fc from 'fast-check';
import { expect, test } from 'vitest';
import { perform } from '#libs/engine/perform.ts';
import { clientCommandFromMove } from '#libs/engine/testing/client-command-from-move.ts';
import { createTold, follow } from '#libs/engine/testing/follow-effects.ts';
import { offerableNodes, readyItemOf } from './ready-entry-of.ts';
import { createHistory, smallMoves } from './testing/history.ts';

test('what effects put into ready lists and took out again is what may be offered, after any command', () => {
  fc.assert(
    fc.property(smallMoves, (moves) => {
      const { hot, now: startTime } = createHistory('CLIENT');
      const told = createTold();
      let now = startTime;
      for (const move of moves) {
        now += move.elapsedMs;
        follow(told, perform(hot.run, clientCommandFromMove(hot.run, move, now, hot.run.lastFence), now).effects);
        const offerable = Array.from(offerableNodes(hot.run, Infinity), readyItemOf);
        expect([...told.queued.values()].toSorted(byItem)).toEqual(offerable.toSorted(byItem));
      }
    }),
    { numRuns: 100 },
  );
});

type Item = { readonly itemSequence: number } | undefined;

function byItem(a: Item, b: Item): number {
  return (a?.itemSequence ?? 0) - (b?.itemSequence ?? 0);
}
