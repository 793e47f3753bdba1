import { startVitest, type TestCase, type TestModule, type TestSuite } from 'vitest/node';
import { testVariable } from '#test/env.ts';
import type { TestOutcome } from './fold.ts';
import { MARK } from './marks.ts';

/** What a run of the tests left behind. */
export interface TestRun {
  readonly outcomes: readonly TestOutcome[];
  /** Files that do not load, and errors outside of tests: lines may hide behind them. */
  readonly troubles: readonly string[];
}

/** Interop names no line, and would look for foreign tools. */
const PROJECTS = ['unit', 'integration', 'fault'];

/**
 * Runs every test that names a line, those of MongoDB through both doors too. Servers are found as for all tests; a
 * test whose server is missing is `not run`, with the reason.
 */
export async function runTests(): Promise<TestRun> {
  process.env['TEST_DOORS'] = 'all';
  // A server that is missing is told line by line, which a suite that fails as a whole cannot.
  delete process.env[testVariable.requireServers];
  const options = { watch: false, project: PROJECTS, testNamePattern: MARK.source, reporters: ['default'] };
  const vitest = await startVitest('test', [], options);
  try {
    const modules = vitest.state.getTestModules();
    const errors = vitest.state.getUnhandledErrors().map((error) => `outside of tests: ${messageOf(error)}`);
    return { outcomes: modules.flatMap(outcomesOf), troubles: [...modules.flatMap(troublesOf), ...errors] };
  } finally {
    await vitest.close();
  }
}

function outcomesOf(module: TestModule): readonly TestOutcome[] {
  return [...module.children.allTests()].flatMap((test) => {
    const names = [test.name];
    let isBroken = false;
    for (let { parent } = test; parent.type === 'suite'; { parent } = parent as TestSuite) {
      names.unshift(parent.name);
      isBroken ||= parent.errors().length > 0;
    }
    return names.some((name) => MARK.test(name)) ? [outcomeOf(module.relativeModuleId, names, test, isBroken)] : [];
  });
}

function outcomeOf(file: string, names: readonly string[], test: TestCase, isBroken: boolean): TestOutcome {
  const { state } = test.result();
  if (isBroken || state === 'failed') return { file, names, state: 'failed' };
  if (state === 'passed') return { file, names, state: 'held' };
  return { file, names, state: 'not run', reason: test.meta().skipReason };
}

function troublesOf(module: TestModule): readonly string[] {
  return module.errors().map(({ message }) => `${module.relativeModuleId}: ${message}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
