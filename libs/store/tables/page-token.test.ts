import { expect, test } from 'vitest';
import { HEAD_ORDER, PAST_HEAD_ORDER, TENANT_ORDER } from './list-order.ts';
import { pageTokenFromPlace, parsePageToken } from './page-token.ts';

const scope = { tenantId: 'tenant', filter: { statuses: ['RUNNING'], attributes: [{ name: 'x', value: 1n }] } };
const place = [1_000, 'run/😀'] as const;
const token: string = pageTokenFromPlace(HEAD_ORDER, scope, place);
const refused = expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' });

test('a token gives the place back that it was made of', () => {
  expect(parsePageToken(HEAD_ORDER, scope, token)).toEqual(place);
  expect(token).toMatch(/^[\w-]+$/);
});

test('a filter is the same whatever the order of its fields, and without fields that are absent', () => {
  const filter = { attributes: [{ value: 1n, name: 'x' }], workflow: undefined, statuses: ['RUNNING'] };
  expect(parsePageToken(HEAD_ORDER, { tenantId: 'tenant', filter }, token)).toEqual(place);
});

test('another tenant, filter or list refuses a token', () => {
  const attributes = [{ name: 'x', value: '1' }];
  for (const other of [
    { ...scope, tenantId: 'other' },
    { ...scope, filter: {} },
    { ...scope, filter: { ...scope.filter, statuses: ['PAUSED'] } },
    { ...scope, filter: { ...scope.filter, attributes } },
  ]) {
    expect(() => parsePageToken(HEAD_ORDER, other, token)).toThrow(refused);
  }
  const tenants = pageTokenFromPlace(TENANT_ORDER, scope, ['a']);
  expect(() => parsePageToken(PAST_HEAD_ORDER, scope, tenants)).toThrow(refused);
});

test('a place of another shape is refused, however well it is made', () => {
  for (const forged of [['run', 1_000], [1_000], [1_000, 'run', 'more'], [null, 'run'], 'text', {}]) {
    const made = pageTokenFromPlace(HEAD_ORDER, scope, forged as never);
    expect(() => parsePageToken(HEAD_ORDER, scope, made)).toThrow(refused);
  }
});

test('what is very long is refused unread', () => {
  expect(() => parsePageToken(HEAD_ORDER, scope, 'A'.repeat(1_000_000))).toThrow(refused);
});
