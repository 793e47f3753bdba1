import { expect, test } from 'vitest';
import { standingMembers } from './standing-members.ts';

const a = { nodeId: 'a', address: 'a:7400', startTime: 1 };
const b = { nodeId: 'b', address: 'b:7400', startTime: 2 };

test('members of different addresses all stand', () => {
  expect(standingMembers([a, b], 'c:7400')).toEqual([a, b]);
});

test('this node and those that it replaces do not', () => {
  expect(standingMembers([a, b], 'a:7400')).toEqual([b]);
});

test('a member stands no more once another one has started under its address', () => {
  const next = { nodeId: 'c', address: 'b:7400', startTime: 3 };
  expect(standingMembers([next, a, b], 'd:7400')).toEqual([next, a]);
  expect(standingMembers([a, b, next], 'd:7400')).toEqual([a, next]);
});
