import { afterEach, expect, test, vi } from 'vitest';
import { serviceEnv, testVariable } from './env.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test("a service started by a test sees neither the tests' settings nor the developer's", () => {
  for (const name of [...Object.values(testVariable), 'MILLRACE_STORE']) vi.stubEnv(name, 'set');
  expect(Object.keys(serviceEnv()).filter((name) => name.startsWith('MILLRACE_'))).toEqual([]);
});

test('a service started by a test gets the rest of the environment and what the test adds', () => {
  vi.stubEnv('OTHER', 'kept');
  expect(serviceEnv({ MILLRACE_STORE: 'memory' })).toMatchObject({ OTHER: 'kept', MILLRACE_STORE: 'memory' });
});
