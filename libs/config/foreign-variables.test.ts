import { expect, test } from 'vitest';
import { isForeign } from './foreign-variables.ts';

test.each(['MILLRACE_ADDRESS', 'MILLRACE_TENANT', 'MILLRACE_TOKEN'])(
  '%s is of the command line, or of it too',
  (name) => {
    expect(isForeign(name)).toBe(true);
  },
);

test.each(['MILLRACE_ADRESS', 'MILLRACE_TOKENS', 'MILLRACE_STORES'])('%s is of nobody, and so a mistake', (name) => {
  expect(isForeign(name)).toBe(false);
});

test('variables of services, of Kubernetes and of the tests are not a mistake', () => {
  const names = ['MILLRACE_STATE_ADVERTISE', 'MILLRACE_STATE_SERVICE_HOST', 'MILLRACE_REQUIRE_SERVERS'];
  expect(names.filter((name) => !isForeign(name))).toEqual([]);
});
