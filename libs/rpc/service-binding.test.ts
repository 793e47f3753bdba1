import { expect, test } from 'vitest';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { bindService, type MethodBinding, rolesOfMethod } from './service-binding.ts';

function methodOf(methods: readonly MethodBinding[], name: string): MethodBinding {
  return methods.find(({ method }) => method.name === name) ?? expect.unreachable();
}

test('the roles are those of the access option, and nobody where there is none', () => {
  expect(rolesOfMethod(EchoService.method.count)).toEqual(new Set(['admin']));
  expect(rolesOfMethod(EchoService.method.repeat)).toEqual(new Set(['viewer', 'admin']));
  expect(rolesOfMethod(EchoService.method.forbidden)).toEqual(new Set());
});

test('every method is bound with its path, and those without a handler as not built', () => {
  const { methods } = bindService(EchoService, { collect: () => Promise.reject(new TypeError()) });
  expect(methods.map(({ path }) => path)).toContain('/millrace.test.v1.EchoService/Echo');
  expect(methods.filter(({ handler }) => handler !== undefined).map(({ method }) => method.name)).toEqual(['Collect']);
});

test('a request whose first field is the tenant is bound to one', () => {
  const { methods } = bindService(EchoService, {});
  expect(methodOf(methods, 'Echo').isTenantScoped).toBe(true);
  expect(methodOf(methods, 'Count').isTenantScoped).toBe(false);
});

test('an override opens what its proto says nothing about', () => {
  const { methods } = bindService(EchoService, {}, { allowed: 'everyone' });
  expect(new Set(methods.map(({ allowed }) => allowed))).toEqual(new Set(['everyone']));
});
