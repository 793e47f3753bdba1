import { expect, test } from 'vitest';
import { foldOutcomes, type LineResult, type TestOutcome, type TestState } from './fold.ts';
import type { Line, Need } from './lines.ts';

const BOTH: readonly Need[] = [{ store: 'SQLite', door: 'gRPC' }, { store: 'MongoDB' }];

function outcome(names: readonly string[], state: TestState = 'held'): TestOutcome {
  return { file: 'x.test.ts', names, state };
}

/** What becomes of line 7, which has to hold in SQLite by gRPC and in MongoDB by any door. */
function fold(...outcomes: readonly TestOutcome[]): LineResult {
  const line: Line = { number: 7, title: 'lists', needs: BOTH, about: ['ListService'] };
  const [result] = foldOutcomes([line], outcomes).lines;
  if (result === undefined) throw new TypeError('a line has a result');
  return result;
}

const SQLITE = outcome(['lists in SQLite', 'by gRPC', '[7] x']);
const MONGO = outcome(['lists in MongoDB', 'by Connect with JSON', '[7] x']);

test('a line holds when it does in every place that it has to', () => {
  const line = fold(SQLITE, SQLITE, MONGO, outcome(['others', '[8] y'], 'failed'));
  expect(line).toMatchObject({ verdict: 'held', lacks: [], failures: [] });
  expect(line.places).toEqual([
    { store: 'SQLite', door: 'gRPC', state: 'held', tests: 2 },
    { store: 'MongoDB', door: 'HTTP', state: 'held', tests: 1 },
  ]);
});

test('a line without a test, or with one elsewhere only, is not built yet and says where', () => {
  expect(fold()).toMatchObject({ verdict: 'not built yet', lacks: ['no test: SQLite by gRPC, MongoDB'] });
  const elsewhere = outcome(['lists in SQLite', 'by Connect with JSON', '[7] x']);
  expect(fold(elsewhere, MONGO)).toMatchObject({ verdict: 'not built yet', lacks: ['no test: SQLite by gRPC'] });
});

test('one test that fails, wherever it is, is a line that failed', () => {
  const line = fold(SQLITE, MONGO, outcome(['[7] a rule of the engine'], 'failed'));
  expect(line.verdict).toBe('failed');
  expect(line.failures).toEqual(['x.test.ts: [7] a rule of the engine']);
});

test('a place that one of its tests did not run in does not count, unless nothing is needed there', () => {
  const skipped = outcome(['lists in MongoDB', '[7] x'], 'not run');
  expect(fold(SQLITE, skipped)).toMatchObject({ verdict: 'not run', lacks: ['not run: MongoDB'] });
  expect(fold(skipped)).toMatchObject({ verdict: 'not built yet' });
  expect(fold(SQLITE, MONGO, skipped)).toMatchObject({ verdict: 'held' });
});

test('why tests did not run is told once for each reason', () => {
  const skipped = { ...outcome(['[7] x'], 'not run'), reason: 'no server' };
  expect(foldOutcomes([], [skipped, SQLITE, skipped, outcome(['[7] y'], 'not run')]).notRun).toEqual([
    '2 tests: no server',
    '1 tests: skipped',
  ]);
});

test('a test of several lines counts for each, and one of a line that is not there is told', () => {
  const lines = [6, 7].map((number): Line => ({ number, title: 't', needs: [{}], about: [] }));
  const folded = foldOutcomes(lines, [outcome(['a suite', '[6, 7] x']), outcome(['[8] y'])]);
  expect(folded.lines.map(({ verdict }) => verdict)).toEqual(['held', 'held']);
  expect(folded.unknown).toEqual(['x.test.ts: [8] y']);
});

test.each([
  ['x.v1.ListService/List', 'not built yet'],
  ['x.v1.MyListService/List', 'held'],
  ['x.v1.ListServices/List', 'held'],
])('with %s not built a line about ListService is %s', (call, verdict) => {
  const line: Line = { number: 7, title: 'lists', needs: [{}], about: ['ListService'] };
  expect(foldOutcomes([line], [SQLITE], [call]).lines).toMatchObject([{ verdict }]);
});

test('a call by its name counts as its service does', () => {
  const line: Line = { number: 7, title: 'lists', needs: [{}], about: ['ListService/List'] };
  const [open] = foldOutcomes([line], [SQLITE], ['x.v1.ListService/List']).lines;
  expect(open).toMatchObject({ verdict: 'not built yet', lacks: ['not built: ListService/List'] });
  expect(foldOutcomes([line], [SQLITE], ['x.v1.ListService/ListAll']).lines).toMatchObject([{ verdict: 'held' }]);
});
