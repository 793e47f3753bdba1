import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** What the published names stand for in this tree. */
const DOORS = {
  millrace: new URL('../libs/sdk/millrace.ts', import.meta.url).href,
  'millrace/testing': new URL('../services/testing/millrace-testing.ts', import.meta.url).href,
};

test('every block of code on the page about tests works as it stands there', async () => {
  // The whole tree is read by a process of its own, which takes its time on a busy machine.
  const page = await readFile(new URL('testing-workflows.md', import.meta.url), 'utf8');
  const blocks = Array.from(page.matchAll(/`([\w.-]+)`:\n\n```\w+\n([\s\S]*?)```/g));
  expect(blocks.map(([, name]) => name)).toEqual([
    'flows.ts',
    'order.test.ts',
    'by-hand.test.ts',
    'faults.test.ts',
    'order-42.jsonl',
    'replay.test.ts',
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-page-'));
  try {
    await writeFile(join(folder, 'package.json'), '{"type": "module"}');
    for (const [, name = '', text = ''] of blocks) {
      const code = text.replaceAll(/from '(millrace(?:\/testing)?)'/g, (_, door: keyof typeof DOORS) => {
        return `from '${DOORS[door]}'`;
      });
      await writeFile(join(folder, name), code);
    }
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-isolation=none'], {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
    });
    expect(stdout).toMatch(/pass 6\n/);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 120_000);
