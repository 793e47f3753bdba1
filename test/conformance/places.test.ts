import { expect, test } from 'vitest';
import { placeOf, placeText } from './places.ts';

test.each([
  [['starts in SQLite', 'by gRPC', '[39] x'], { store: 'SQLite', door: 'gRPC' }],
  [['with a server', 'runs in MongoDB', 'by Connect with JSON', 'x'], { store: 'MongoDB', door: 'HTTP' }],
  [['timers in memory', 'none early, by Connect with JSON'], { store: 'memory', door: 'HTTP' }],
  [['served nodes, in SQLite', 'its run is in memory'], { store: 'SQLite', door: 'none' }],
  [['a list', 'is kept in memory, by all'], { store: 'none', door: 'none' }],
] as const)('%j runs on %o', (names, place) => {
  expect(placeOf(names)).toEqual(place);
});

test('a place is told in words', () => {
  expect(placeText({ store: 'SQLite', door: 'HTTP' })).toBe('SQLite by HTTP');
  expect(placeText({ store: 'memory' })).toBe('memory');
  expect(placeText({ store: 'none', door: 'none' })).toBe('in process');
  expect(placeText({})).toBe('in process');
});
