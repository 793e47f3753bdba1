import { readFileSync, writeFileSync } from 'node:fs';
import { foldOutcomes } from './fold.ts';
import { LINES } from './lines.ts';
import { type ConformanceOptions, parseConformanceOptions, USAGE } from './options.ts';
import { missingLines, printFolded } from './print.ts';
import { runTests } from './run-tests.ts';

/*
 * Runs every test that names a line and says of each line where it held. Exits 1 when a line failed, a test names a line
 * that is not there, a file of tests does not load, or a required line does not hold everywhere; 2 when it is asked for
 * what it does not understand.
 */

const NOT_BUILT = new URL('../contract/not-built/not-built.json', import.meta.url);
/** What is not built and has no call of its own. */
const NOT_BUILT_EITHER = ['graphs'];

const options = readOptions();
const { outcomes, troubles } = await runTests();
const notBuilt = [...(JSON.parse(readFileSync(NOT_BUILT, 'utf8')) as readonly string[]), ...NOT_BUILT_EITHER];
const folded = foldOutcomes(LINES, outcomes, notBuilt);
const told = { ...folded, troubles };
const { lines, unknown } = told;
const isMissing = missingLines(lines, options.required).length > 0;
if (options.jsonFile !== undefined) {
  writeFileSync(options.jsonFile, `${JSON.stringify({ required: options.required, ...told }, null, 2)}\n`);
}
process.stdout.write(`\n${printFolded(told, options.required)}`);
const isFine = !isMissing && unknown.length === 0 && troubles.length === 0;
process.exitCode = isFine && lines.every(({ verdict }) => verdict !== 'failed') ? 0 : 1;

function readOptions(): ConformanceOptions {
  try {
    const parsed = parseConformanceOptions(process.argv.slice(2), LINES.length);
    if (parsed.isHelp) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    return parsed;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}
