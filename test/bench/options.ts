import { parseArgs } from 'node:util';

/** How a benchmark was asked to run. */
export interface BenchOptions {
  /** Where the figures go as JSON. */
  readonly jsonFile: string | undefined;
  /** Whether a missed bar makes the process fail. */
  readonly isCheck: boolean;
  /** Seconds that each measurement lasts. */
  readonly seconds: number;
  /** Measurements of each kind; the median counts. */
  readonly rounds: number;
}

/** Reads the command line of a benchmark; `--help` and mistakes end the process. */
export function readBenchOptions(what: string, defaults: Pick<BenchOptions, 'seconds' | 'rounds'>): BenchOptions {
  const usage = `usage: ${what} [--json FILE] [--check] [--seconds N] [--rounds N]

  --json FILE   write the figures to FILE as JSON
  --check       exit 1 and name each bar that is missed
  --seconds N   seconds of each measurement (default ${defaults.seconds})
  --rounds N    measurements of each kind, the median counts (default ${defaults.rounds})
`;
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'string' },
        check: { type: 'boolean', default: false },
        seconds: { type: 'string', default: String(defaults.seconds) },
        rounds: { type: 'string', default: String(defaults.rounds) },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    return {
      jsonFile: values.json,
      isCheck: values.check,
      seconds: positive('--seconds', values.seconds),
      rounds: Math.ceil(positive('--rounds', values.rounds)),
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 3600)) {
    throw new RangeError(`${option} takes a number above 0 and up to 3600`);
  }
  return number;
}
