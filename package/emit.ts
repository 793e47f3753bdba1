import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROGRAMS, STARTED } from './programs.ts';

/**
 * Emits JavaScript and declarations of everything that the doors, the programs and what they start lead to. Imports by
 * `#libs/` stay as they are; the manifest of the package says where they lead there.
 *
 * @param doors the sources of what can be imported.
 * @param folder where what is emitted goes.
 * @param project the file that the compiler is told in what to do.
 * @throws Error with what the compiler says.
 */
export async function emit(tree: string, doors: readonly string[], folder: string, project: string): Promise<void> {
  const config = {
    extends: join(tree, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      rewriteRelativeImportExtensions: true,
      rootDir: tree,
      outDir: folder,
      typeRoots: [join(tree, 'node_modules/@types')],
    },
    files: [...doors, ...Object.values(PROGRAMS), ...STARTED].map((source) => join(tree, source)),
    include: [],
  };
  await writeFile(project, JSON.stringify(config));
  try {
    await promisify(execFile)(process.execPath, [join(tree, 'node_modules/typescript/bin/tsc'), '-p', project]);
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    throw new Error(`the sources do not compile: ${stdout ?? ''}`, { cause: error });
  }
}
