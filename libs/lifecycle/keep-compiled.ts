import { existsSync, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps what Node compiles in `$XDG_CACHE_HOME/millrace`, by default `~/.cache/millrace`: half of the time of a short
 * command, and most of a service's start, is compiling. The folder is the user's own, because what is in it is run. Where
 * it cannot be made nothing is kept; NODE_DISABLE_COMPILE_CACHE=1 asks for that.
 */
export function keepCompiled({ env }: Pick<NodeJS.Process, 'env'>): void {
  const cache = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(cache, 'millrace');
  for (const one of [cache, folder]) {
    try {
      mkdirSync(one, { mode: 0o700 });
    } catch {
      // It is there, or it cannot be made: then the look at the last one tells.
    }
  }
  if (existsSync(folder)) {
    enableCompileCache(folder);
  }
}
