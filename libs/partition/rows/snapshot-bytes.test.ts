import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeSnapshot } from '#libs/engine/log/snapshot-codec.ts';
import { snapshotOf } from '#libs/engine/snapshot/snapshot.ts';
import { createHistory, smallMoves } from '../runs/testing/history.ts';
import { snapshotBytes } from './snapshot-bytes.ts';

test.each(['SERVER', 'CLIENT'] as const)(
  'the snapshot of a %s run has the bytes that the engine gives it',
  (driver) => {
    fc.assert(
      fc.property(smallMoves, (moves) => {
        const { hot, play } = createHistory(driver);
        play(moves);
        expect(snapshotBytes(hot.run)).toEqual(encodeSnapshot(snapshotOf(hot.run)));
      }),
      { numRuns: 50 },
    );
  },
);
