import { spawnSync } from 'node:child_process';

/** Others have the place in the error itself. */
const JAVASCRIPT = /\.[cm]?js$/;

/**
 * What Node says of a file of JavaScript that it cannot parse, with the line; the error of an import tells neither.
 * Undefined where it can parse all of these files.
 */
export function findSyntaxError(files: ReadonlySet<string>): string | undefined {
  // What was imported last is most likely it.
  for (const file of [...files].filter((one) => JAVASCRIPT.test(one)).toReversed()) {
    const { status, stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
    if (status !== 0) {
      const lines = stderr.split('\n');
      const end = lines.findIndex((line) => /^\w*Error\b/.test(line));
      return lines
        .slice(0, end < 0 ? undefined : end + 1)
        .join('\n')
        .trimEnd();
    }
  }
  return undefined;
}
