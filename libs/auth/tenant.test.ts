import { expect, test } from 'vitest';
import type { Principal } from './principal.ts';
import { resolveTenant } from './tenant.ts';

const member: Principal = { tokenId: 't', name: 't', role: 'admin', tenantId: 'acme' };
const root: Principal = { tokenId: 'r', name: 'r', role: 'root', tenantId: undefined };

test("a request that names no tenant is about the token's", () => {
  expect(resolveTenant(member, '')).toBe('acme');
  expect(resolveTenant(member, 'acme')).toBe('acme');
});

test('a request that names another tenant is denied, and the answer names neither', () => {
  expect(() => resolveTenant(member, 'globex')).toThrow(
    expect.objectContaining({
      reason: 'TENANT_DENIED',
      kind: 'denied',
      message: expect.not.stringMatching(/acme|globex/),
    }),
  );
  expect(() => resolveTenant(member, 'ACME')).toThrow(expect.objectContaining({ reason: 'TENANT_DENIED' }));
});

test('root may name any tenant and is about the default one otherwise', () => {
  expect(resolveTenant(root, 'globex')).toBe('globex');
  expect(resolveTenant(root, '')).toBe('default');
});
