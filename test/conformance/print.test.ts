import { expect, test } from 'vitest';
import type { LineResult } from './fold.ts';
import { missingLines, printFolded } from './print.ts';

const LINES: readonly LineResult[] = [
  {
    number: 1,
    title: 'starts',
    needs: [],
    about: [],
    verdict: 'held',
    places: [
      { store: 'none', door: 'none', state: 'held', tests: 1 },
      { store: 'SQLite', door: 'HTTP', state: 'held', tests: 2 },
    ],
    lacks: [],
    failures: [],
  },
  {
    number: 2,
    title: 'ends',
    needs: [],
    about: [],
    verdict: 'failed',
    places: [{ store: 'memory', door: 'gRPC', state: 'failed', tests: 1 }],
    lacks: [],
    failures: ['a.test.ts: [2] ends'],
  },
  {
    number: 3,
    title: 'graphs',
    needs: [],
    about: [],
    verdict: 'not built yet',
    places: [],
    lacks: ['no test: SQLite'],
    failures: [],
  },
  {
    number: 4,
    title: 'waits',
    needs: [],
    about: [],
    verdict: 'not run',
    places: [{ store: 'MongoDB', door: 'gRPC', state: 'not run', tests: 1 }],
    lacks: ['not run: MongoDB by gRPC'],
    failures: [],
  },
];

test('every line has a row, failures and required lines are named, and the last line sums up', () => {
  expect(
    printFolded(
      {
        lines: LINES,
        unknown: ['b.test.ts: [99] x'],
        notRun: ['2 tests: no server'],
        troubles: ['c.test.ts: no such module'],
      },
      [1, 3, 4],
    ),
  ).toMatchInlineSnapshot(`
    "                     no store  memory    SQLite    MongoDB
    line                 p g h     p g h     p g h     p g h
       1  held           + . .     . . .     . . +     . . .     starts
       2  failed         . . .     . X .     . . .     . . .     ends
       3  not built yet  . . .     . . .     . . .     . . .     graphs
       4  not run        . . .     . . .     . . .     . ! .     waits (not run: MongoDB by gRPC)

    p: in process, g: gRPC, h: HTTP; +: held, X: failed, !: not run, .: no test there

    FAILED:
      [2] a.test.ts: [2] ends

    TROUBLE outside of tests:
      c.test.ts: no such module

    tests that name lines which are not there:
      b.test.ts: [99] x

    !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
    !! NOT RUN: 2 tests: no server
    !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!

    REQUIRED, and not held:
      3 graphs: no test: SQLite
      4 waits: not run: MongoDB by gRPC

    1 lines held, 1 failed, 1 not built yet, 1 not run
    "
  `);
});

test('what is not run is in the last line only when there is some', () => {
  const printed = printFolded({ lines: LINES.slice(0, 3), unknown: [], notRun: [], troubles: [] }, []);
  expect(printed).toMatch(/\n1 lines held, 1 failed, 1 not built yet\n$/);
  expect(printed).not.toContain('REQUIRED');
});

test('a required line is missing unless it holds', () => {
  expect(missingLines(LINES, [1, 2, 3]).map(({ number }) => number)).toEqual([2, 3]);
});
