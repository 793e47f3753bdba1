import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { type Ran, run } from './run.ts';

const repository = resolve(import.meta.dirname, '..');

test('the last line counts the tests, whatever became of them', async () => {
  const { code, stdout } = await runVitest({
    'mixed.test.js': `
      test('passes', () => {});
      test('fails', () => { throw new Error('no') });
      test.todo('is still to do');
      describe.skip('gated', { meta: { skipReason: 'no such server: start one' } }, () => { test('a', () => {}); test('b', () => {}) });
    `,
  });
  expect(code).toBe(1);
  expect(lastLine(stdout)).toBe('1 passed, 1 failed, 3 skipped');
  expect(stdout).toMatch(/NOT RUN: 3 tests[^]*no such server: start one\n!! {5}mixed\.test\.js: 2\n/);
});

test('a run without a test fails', async () => {
  const { code, stdout } = await runVitest({});
  expect(code).toBe(1);
  expect(lastLine(stdout)).toBe('0 passed, 0 failed, 0 skipped');
});

test('a file that does not load, a hook and a stray error are failures', async () => {
  const { code, stdout } = await runVitest({
    'load.test.js': `throw new Error('no');`,
    'hook.test.js': `describe('hooked', () => { beforeAll(() => { throw new Error('no') }); test('never', () => {}) });`,
    'stray.test.js': `test('passes', async () => { Promise.reject(new Error('no')); await new Promise((done) => setTimeout(done, 50)) });`,
  });
  expect(code).toBe(1);
  expect(lastLine(stdout)).toBe('1 passed, 3 failed, 1 skipped');
});

test('a run in which all is well exits with 0', async () => {
  const { code, stdout } = await runVitest({ 'well.test.js': `test('passes', () => {});` });
  expect(code).toBe(0);
  expect(stdout).not.toContain('NOT RUN');
  expect(lastLine(stdout)).toBe('1 passed, 0 failed, 0 skipped');
});

/** Runs vitest with our reporter in a folder that has these test files only. */
async function runVitest(files: Readonly<Record<string, string>>): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-reporter-'));
  try {
    const reporter = JSON.stringify(join(repository, 'test/reporter.ts'));
    const config = `import { closingReporter } from ${reporter};
      export default { test: { globals: true, reporters: ['default', closingReporter()] } };`;
    for (const [name, text] of Object.entries({ ...files, 'vitest.config.mjs': config })) {
      await writeFile(join(folder, name), text);
    }
    return await run(join(repository, 'node_modules/.bin/vitest'), ['run', '--root', folder], { cwd: folder });
  } finally {
    await rm(folder, { recursive: true });
  }
}

function lastLine(text: string): string | undefined {
  return text.trimEnd().split('\n').at(-1);
}
