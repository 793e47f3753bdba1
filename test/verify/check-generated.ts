import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type Ran, run } from '../run.ts';

/**
 * Fails, naming the files, when `gen/` is not what the protos generate. Generates into a folder of its own, so that
 * `gen/` stays as it is and may be current without being committed.
 */
export async function checkGenerated(repository: string, buf: string): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-gen-'));
  try {
    const generated = await run(buf, ['generate', '--output', folder], { cwd: repository });
    if (generated.code !== 0) return generated;
    const [fresh, present] = await Promise.all([contents(join(folder, 'gen')), contents(join(repository, 'gen'))]);
    const stale = [...new Set([...fresh.keys(), ...present.keys()])]
      .filter((file) => fresh.get(file) !== present.get(file))
      .sort();
    if (stale.length === 0) return generated;
    const lines = stale.map((file) => `gen/${file}`);
    return { code: 1, stdout: `${lines.join('\n')}\nnot what the protos generate: npm run generate\n`, stderr: '' };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function contents(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.map(async (file) => [relative(folder, file), await readFile(file, 'utf8')] as const)),
  );
}
