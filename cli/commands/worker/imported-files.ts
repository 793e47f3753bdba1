import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Hears of every file that is imported from now on, once, packages left out. Not every Node that is supported can tell:
 * then nothing is heard.
 */
export function hearImports(onFile: (file: string) => void): void {
  const { registerHooks } = nodeModule as Partial<typeof nodeModule>;
  const heard = new Set<string>();
  registerHooks?.({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const { url } = resolved;
      if (url.startsWith('file:') && !url.includes('/node_modules/') && !heard.has(url)) {
        heard.add(url);
        onFile(fileURLToPath(url));
      }
      return resolved;
    },
  });
}
