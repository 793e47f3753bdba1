import { afterEach, expect, test, vi } from 'vitest';
import { testVariable } from '#test/env.ts';
import { describeFull, faultRuns, faultSeed } from './seed.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the repetitions are few, full or as many as one says', () => {
  vi.stubEnv(testVariable.faultRuns, undefined);
  expect(faultRuns(2, 100)).toBe(2);
  vi.stubEnv(testVariable.faultRuns, 'full');
  expect(faultRuns(2, 100)).toBe(100);
  vi.stubEnv(testVariable.faultRuns, '7');
  expect(faultRuns(2, 100)).toBe(7);
  vi.stubEnv(testVariable.faultRuns, 'many');
  expect(() => faultRuns(2, 100)).toThrow("MILLRACE_FAULT_RUNS is few, full or a number, not 'many'");
});

test('a given seed is taken, another one is new each time', () => {
  vi.stubEnv(testVariable.faultSeed, '42');
  expect(faultSeed('given')).toBe(42);
  vi.stubEnv(testVariable.faultSeed, undefined);
  expect(faultSeed('new')).not.toBe(faultSeed('new'));
  vi.stubEnv(testVariable.faultSeed, '1.5');
  expect(() => faultSeed('wrong')).toThrow('MILLRACE_FAULT_SEED is an integer');
});

describeFull('the full counts', () => {
  test('are only run when asked for', () => {
    expect(faultRuns(0, 1)).toBe(1);
  });
});
