import { parseArgs } from 'node:util';
import { parseRanges } from './ranges.ts';

/** How the runner was asked to run. */
export interface ConformanceOptions {
  /** Lines that must hold; none by default. */
  readonly required: readonly number[];
  /** Where the table goes as JSON. */
  readonly jsonFile: string | undefined;
  readonly isHelp: boolean;
}

/** What `--help` prints. */
export const USAGE = `usage: npm run test:conformance -- [--require LINES] [--json FILE]

  --require LINES   exit 1 unless each of these lines holds wherever it has to, e.g. 1-34,36,38-45
  --json FILE       write the table to FILE as JSON
`;

/** Reads the command line. Whatever is wrong with it is an error that names the part. */
export function parseConformanceOptions(args: readonly string[], lastLine: number): ConformanceOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { require: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  return {
    required: values.require === undefined ? [] : parseRanges(values.require, lastLine),
    jsonFile: values.json,
    isHelp: values.help,
  };
}
