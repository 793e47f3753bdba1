import { expect, test } from 'vitest';
import { hasControlCharacter } from '#libs/rpc/validation/control-character.ts';
import { slotOf } from '../slots.ts';
import { freeTenantOf, isFreeTenant, plainTenant } from './free-tenant.ts';

test('the hidden tenant of a tenant leads back to it, and no caller can name it', () => {
  const hidden = freeTenantOf('acme');
  expect(plainTenant(hidden)).toBe('acme');
  expect([isFreeTenant(hidden), isFreeTenant('acme'), plainTenant('acme')]).toEqual([true, false, 'acme']);
  expect(hasControlCharacter(hidden)).toBe(true);
});

test('the hidden run of a free item has the slot of the item', () => {
  for (let at = 0; at < 100; at += 1) expect(slotOf(freeTenantOf('acme'), `i-${at}`)).toBe(slotOf('acme', `i-${at}`));
});
