import { expect, test } from 'vitest';
import { attributeRows } from './attribute-rows.ts';

test('attributes of every kind are searched by their own kind', () => {
  const rows = attributeRows(
    new Map([
      ['a', { kind: 'keyword', value: 'x' }],
      ['b', { kind: 'integer', value: -(2n ** 63n) }],
      ['c', { kind: 'double', value: 0.5 }],
      ['d', { kind: 'boolean', value: false }],
      ['e', { kind: 'time', value: 1_800_000_000_000 }],
      ['f', { kind: 'keywordList', value: ['p', 'q'] }],
      ['__proto__', { kind: 'boolean', value: true }],
    ]),
  );
  expect(Object.entries(rows)).toEqual([
    ['a', { type: 'keyword', value: 'x' }],
    ['b', { type: 'integer', value: -(2n ** 63n) }],
    ['c', { type: 'double', value: 0.5 }],
    ['d', { type: 'boolean', value: false }],
    ['e', { type: 'time', value: 1_800_000_000_000 }],
    ['f', { type: 'keyword_list', value: ['p', 'q'] }],
    ['__proto__', { type: 'boolean', value: true }],
  ]);
  expect(attributeRows(new Map())).toEqual({});
});
