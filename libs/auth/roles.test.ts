import { expect, test } from 'vitest';
import { isAllowed, type Role } from './roles.ts';

const ROLES: readonly Role[] = ['viewer', 'developer', 'operator', 'worker', 'admin', 'root'];

test('a role may call what names it and nothing else', () => {
  for (const role of ROLES) {
    expect(ROLES.filter((named) => isAllowed(role, new Set([named])))).toEqual(
      role === 'root' ? ['admin', 'root'] : [role],
    );
  }
});

test('what names nobody is denied to everybody', () => {
  expect(ROLES.filter((role) => isAllowed(role, new Set()))).toEqual([]);
});
