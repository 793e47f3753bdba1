import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is no part of a fresh checkout, or is made anew. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.millrace', 'package.json', 'tsconfig.json']);

/** The doors of the package, where they are. */
const DOORS: Readonly<Record<string, string>> = {
  '.': './libs/sdk/millrace.ts',
  './testing': './services/testing/millrace-testing.ts',
};

/** Makes a folder that is a checkout to those who work in it: all but what they write is the repository's. */
export function makePageFolder(repository: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(repository)) {
    if (!LEFT_OUT.has(name)) symlinkSync(join(repository, name), join(folder, name));
  }
  const own = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { readonly exports?: object };
  const doors = Object.entries(DOORS).filter(([, file]) => existsSync(join(repository, file)));
  const exports = { ...Object.fromEntries(doors), ...own.exports };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...own, exports }));
}
