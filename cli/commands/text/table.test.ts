import { expect, test } from 'vitest';
import { renderFields, renderTable } from './table.ts';

test('columns are as wide as their widest cell, and nothing trails', () => {
  const rows = [
    ['a', '', 'one\ntwo'],
    ['long-name', 'x', ''],
  ];
  expect(renderTable(['NAME', 'KIND', 'NOTE'], rows)).toBe(
    ['NAME        KIND   NOTE', 'a           -      one two', 'long-name   x      -'].join('\n'),
  );
});

test('one very long cell does not push the others away', () => {
  const [, first, second] = renderTable(
    ['A', 'B'],
    [
      ['x'.repeat(100), 'b'],
      ['y', 'b'],
    ],
  ).split('\n');
  expect(first).toBe(`${'x'.repeat(100)}   b`);
  expect(second).toBe(`y${' '.repeat(62)}b`);
});

test('letters that are several code points take one place', () => {
  expect(
    renderTable(
      ['A', 'B'],
      [
        ['é👩‍👩‍👧', 'b'],
        ['xy', 'b'],
      ],
    ),
  ).toBe('A    B\né👩‍👩‍👧   b\nxy   b');
});

test('fields say nothing about what is not there, and several lines go below their name', () => {
  expect(
    renderFields([
      ['Run', 'order-42'],
      ['Queue', ''],
      ['Failure', undefined],
      ['Output', '{\n  "a": 1\n}'],
    ]),
  ).toBe('Run      order-42\nOutput\n  {\n    "a": 1\n  }');
});
