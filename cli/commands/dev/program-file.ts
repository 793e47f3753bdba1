import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of a program of this tree, such as `services/dev/main`. It has the extension of this file, which a build changes. */
export function programFile(program: string): string {
  return fileURLToPath(new URL(`../../../${program}${extname(import.meta.url)}`, import.meta.url));
}
