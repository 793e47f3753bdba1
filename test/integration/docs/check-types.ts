import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '#test/run.ts';
import { blockKind } from './block-kind.ts';
import { makePageFolder } from './page-folder.ts';
import type { Block } from './read-blocks.ts';

/** Type-checks all blocks of all pages in one go. Answers what is wrong, with the page's lines; empty: nothing. */
export async function checkTypes(repository: string, folder: string, blocks: readonly Block[]): Promise<string> {
  const files = new Map<string, Block>();
  for (const block of blocks.filter((one) => blockKind(one) === 'types')) {
    const file = join(block.page, block.attributes['title'] ?? `block-${block.line}.ts`);
    files.set(file, block);
  }
  if (files.size === 0) return '';
  makePageFolder(repository, folder);
  for (const [file, { text }] of files) {
    mkdirSync(dirname(join(folder, 'pages', file)), { recursive: true });
    writeFileSync(join(folder, 'pages', file), text);
  }
  const config = {
    extends: join(repository, 'tsconfig.json'),
    // What asks libraries to write types down is not for those who use one.
    compilerOptions: {
      isolatedDeclarations: false,
      declaration: false,
      typeRoots: [join(repository, 'node_modules/@types')],
    },
    files: [...files.keys()].map((file) => `pages/${file}`),
    // Else those of the repository, to which the compiler would come by another path.
    include: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { code, stdout } = await run(join(repository, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], {
    cwd: folder,
  });
  if (code === 0) return '';
  return stdout.replaceAll(/^pages\/(\S+?)\((\d+),/gm, (all: string, file: string, line: string) => {
    const block = files.get(file);
    return block === undefined ? all : `${block.page}:${block.line + Number(line)} (`;
  });
}
