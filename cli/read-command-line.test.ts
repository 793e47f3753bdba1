import { expect, test } from 'vitest';
import { integer } from '#libs/config/number-types.ts';
import { boolean, text } from '#libs/config/text-types.ts';
import { type Command, defineCommand } from './commands/command.ts';
import { UsageError } from './commands/usage-error.ts';
import { commandHelp, programHelp } from './help.ts';
import { readCommandLine } from './read-command-line.ts';

const COMMAND: Command = defineCommand({
  name: 'cup fill',
  summary: 'fill a cup',
  notes: 'Not too much.',
  args: {
    cupId: { type: text(), doc: 'the cup', isRequired: true },
    drops: { type: integer({ min: 1, max: 9 }), doc: 'how much' },
  },
  options: {
    of: { type: text('drink'), doc: 'the drink', env: 'DRINK', default: 'tea' },
    stirred: { type: boolean(), doc: 'stir it' },
    shaken: { type: boolean(), doc: 'shake it' },
  },
  check: ({ stirred, shaken }) => (stirred === true && shaken === true ? ['--stirred, --shaken: only one'] : []),
  run: async () => ({}),
});

const read = (argv: readonly string[], env: Record<string, string> = {}): unknown =>
  readCommandLine(COMMAND, argv, env);

test('arguments are values by their place, between options and behind them', () => {
  expect(read(['a', '3'])).toEqual({ cupId: 'a', drops: 3, of: 'tea' });
  expect(read(['--of', 'milk', 'a', '--stirred', '3'])).toEqual({ cupId: 'a', drops: 3, of: 'milk', stirred: true });
  expect(read(['--', '--of'])).toEqual({ cupId: '--of', of: 'tea' });
});

test('an option wins over its variable, and the variable over the default', () => {
  expect(read(['a'], { DRINK: 'coffee' })).toMatchObject({ of: 'coffee' });
  expect(read(['a'], { DRINK: '' })).toMatchObject({ of: 'tea' });
  expect(read(['a', '--of', 'milk'], { DRINK: 'coffee' })).toMatchObject({ of: 'milk' });
});

test.each([
  [[], '<cup-id>: is missing'],
  [['a', '12'], '<drops>: must be a whole number from 1 to 9'],
  [['a', '1', 'b', 'c'], 'unexpected argument b: see --help; unexpected argument c: see --help'],
  [['--stired', 'a'], 'unknown option --stired: did you mean --stirred?'],
  [['a', '--of'], '--of: needs a value'],
  [['a', '--stirred', '--shaken'], '--stirred, --shaken: only one'],
])('%j is refused: %s', (argv, message) => {
  expect(() => read(argv)).toThrow(new UsageError([message]));
});

test('the help shows arguments, which of them are required, defaults and variables', () => {
  expect(programHelp([COMMAND])).toContain('  millrace cup fill <cup-id> [<drops>]  fill a cup\n');
  expect(commandHelp(COMMAND)).toBe(`millrace cup fill <cup-id> [<drops>]: fill a cup

  <cup-id>
      the cup (required)

  <drops> number
      how much

  --of <drink>
      the drink (or DRINK, default tea)

  --stirred
      stir it

  --shaken
      shake it

Not too much.
`);
});
