import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

interface Counts {
  passed: number;
  failed: number;
  /** What did not run, by reason. */
  readonly skipped: Map<string, TestCase[]>;
}

/**
 * Closes a test run: what was skipped and why, then `N passed, N failed, N skipped` alone on the very last line. A file
 * that does not load, a hook that fails and an error outside of tests count as one failure each. No test at all is exit
 * code 1, as is any failure.
 */
export function closingReporter(): Reporter {
  let counts = emptyCounts();
  let watching = false;
  const close = (): void => {
    if (counts.failed > 0 || counts.passed + skippedIn(counts) === 0) process.exitCode ||= 1;
    // Written at once, because nothing is waited for in a process that exits.
    writeSync(1, `${[...skipLines(counts), closingLine(counts)].join('\n')}\n`);
  };
  return {
    onInit(vitest) {
      watching = vitest.config.watch;
      // At exit, because vitest itself may have something to say after the last test.
      if (!watching) process.once('exit', close);
    },
    onTestRunEnd(modules, errors) {
      counts = count(modules, errors);
      if (watching) close();
    },
  };
}

function emptyCounts(): Counts {
  return { passed: 0, failed: 0, skipped: new Map() };
}

function count(modules: readonly TestModule[], errors: readonly SerializedError[]): Counts {
  const counts = emptyCounts();
  counts.failed += errors.length;
  for (const module of modules) {
    if (module.errors().length > 0) counts.failed += 1;
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) counts.failed += 1;
    for (const test of module.children.allTests()) countTest(test, counts);
  }
  return counts;
}

function countTest(test: TestCase, counts: Counts): void {
  const { state } = test.result();
  if (state === 'passed') counts.passed += 1;
  else if (state === 'failed') counts.failed += 1;
  else {
    const reason = reasonFor(test);
    counts.skipped.set(reason, [...(counts.skipped.get(reason) ?? []), test]);
  }
}

function reasonFor(test: TestCase): string {
  const result = test.result();
  const given = test.meta().skipReason ?? (result.state === 'skipped' ? result.note : undefined);
  if (given !== undefined) return given;
  if (test.options.mode === 'todo') return 'still to do';
  return result.state === 'pending' ? 'never ran' : 'not selected, or marked as skipped';
}

function skippedIn(counts: Counts): number {
  return counts.skipped.values().reduce((sum, tests) => sum + tests.length, 0);
}

function skipLines(counts: Counts): string[] {
  if (counts.skipped.size === 0) return [];
  const lines = ['', '!'.repeat(120), `!! NOT RUN: ${skippedIn(counts)} tests`];
  for (const [reason, tests] of counts.skipped) {
    lines.push('!!', `!! ${reason}`);
    const files = Map.groupBy(tests, (test) => test.module.relativeModuleId);
    for (const [file, inFile] of files) lines.push(`!!     ${file}: ${inFile.length}`);
  }
  return [...lines, '!'.repeat(120), ''];
}

function closingLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${skippedIn(counts)} skipped`;
}
