import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { emit } from './emit.ts';
import { CODE_FOLDER, packageManifest, type TreeManifest } from './manifest.ts';

const TREE: string = resolve(import.meta.dirname, '..');
/** What goes along when it is there. */
const TEXTS = ['README.md', 'LICENSE'];

/** Makes the package as a tarball in a folder, and answers its path. */
export async function pack(folder: string): Promise<string> {
  const staged = await mkdtemp(join(tmpdir(), 'millrace-package-'));
  try {
    const content = join(staged, 'package');
    await mkdir(content);
    const manifest = JSON.parse(await readFile(join(TREE, 'package.json'), 'utf8')) as TreeManifest;
    await writeFile(join(content, 'package.json'), `${JSON.stringify(packageManifest(manifest), undefined, 2)}\n`);
    await emit(TREE, Object.values(manifest.exports), join(content, CODE_FOLDER), join(staged, 'tsconfig.json'));
    for (const text of TEXTS) {
      if (existsSync(join(TREE, text))) await copyFile(join(TREE, text), join(content, text));
    }
    await promisify(execFile)('npm', ['pack', '--silent', '--pack-destination', folder, content]);
    return join(folder, `${manifest.name}-${manifest.version}.tgz`);
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}
