import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const LIBRARY = new URL('../../../libs/sdk/millrace.ts', import.meta.url).href;

/** Writes a module of workflows into a folder, which has what the library exports. Answers how commands there name it. */
export async function writeModule(folder: string, name: string, code: string): Promise<string> {
  await writeFile(join(folder, name), `import { signal, workflow } from '${LIBRARY}';\n${code}`);
  return `./${name}`;
}
