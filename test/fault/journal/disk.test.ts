import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';
import { openSqliteJournal } from '#libs/store/sqlite/journal.ts';
import { openSqliteStateTables } from '#libs/store/sqlite/tables/open-tables.ts';
import { dump, positionsOf } from '#test/contract/store/journal/records.ts';
import { run } from '#test/run.ts';
import type { DiskReport } from './disk-process.ts';
import type { TablesDiskReport } from './tables-disk-process.ts';

const script = fileURLToPath(new URL('disk-process.ts', import.meta.url));
const PROCESS = `exec '${process.execPath}' '${script}'`;
const tablesScript = fileURLToPath(new URL('tables-disk-process.ts', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-disk-'));
});

afterEach(async () => await rm(folder, { recursive: true, force: true }));

async function reportOf<R = DiskReport>(command: string, args: readonly string[]): Promise<R> {
  const { stdout, stderr, code } = await run(command, args, { timeoutMs: 60_000 });
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as R;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

test.skipIf(process.platform === 'win32')(
  'a write that the system refuses breaks the journal; what was acknowledged is there',
  async () => {
    // Files of this process may not grow over a megabyte or two.
    const seen = await reportOf('bash', ['-c', `ulimit -f 2000; ${PROCESS} "$1"`, 'bash', folder]);
    expect(seen).toMatchObject({ problem: 'broken', settled: 'broken' });
    expect(seen.positions).toBeUndefined();
    expect(seen.acked).toBeGreaterThan(10);

    using again = openSqliteJournal(
      folder,
      createJournalContext(() => {}),
    );
    const found = positionsOf(await dump(again.journal, 0));
    expect(found).toEqual(upTo(found.length));
    // The one that failed was unknown: both are right.
    expect([seen.acked, seen.acked + 1]).toContain(found.length);
  },
);

test.skipIf(process.platform === 'win32')(
  'a write that the system refuses to the thread that writes tables breaks them for all; checkpoints are there',
  async () => {
    const command = `ulimit -f 2000; exec '${process.execPath}' '${tablesScript}' "$1"`;
    const seen = await reportOf<TablesDiskReport>('bash', ['-c', command, 'bash', folder]);
    expect(seen).toMatchObject({ problem: 'broken', heard: ['broken'], later: ['broken', 'broken'] });
    expect(seen.acked).toBeGreaterThan(10);

    await using again = openSqliteStateTables(folder);
    const position = (await again.tables.readCheckpoint(0))?.position ?? 0;
    // The one that failed may stand or not.
    expect([seen.acked, seen.acked + 1]).toContain(position);
    expect(await again.tables.countHeads('tenant', {})).toBeGreaterThanOrEqual(position);
  },
);

/** A mount of its own, which is gone with the process; not every system lets one have it. */
const inNamespace = ['-rm', 'bash', '-c'];
const smallDisk = 'mount -t tmpfs -o size=3m tmpfs "$1"';
const canMount =
  (await run('unshare', [...inNamespace, smallDisk, 'bash', tmpdir()]).catch(() => ({ code: 1 }))).code === 0;

describe.skipIf(!canMount)(
  'on a small disk',
  { meta: { skipReason: 'no file system can be mounted (unshare, tmpfs)' } },
  () => {
    test('a full disk is named, loses nothing, and is over when there is room', async () => {
      const ballast = 'head -c 1000000 /dev/zero >"$1/ballast"';
      const command = `${smallDisk} && ${ballast} && ${PROCESS} "$1" "$1/ballast"`;
      const seen = await reportOf('unshare', [...inNamespace, command, 'bash', folder]);
      expect(seen).toMatchObject({ problem: 'disk-full', settled: 'committed' });
      expect(seen.acked).toBeGreaterThan(10);
      expect(seen.positions).toEqual(upTo(seen.acked + 1));
    });
  },
);
