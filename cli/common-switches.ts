/** What every command takes. */
export const COMMON_SWITCHES = ['--json', '--help'] as const;

/** Other spellings of the switches, as people know them from elsewhere. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['-o=json', '--json'],
  ['-ojson', '--json'],
  ['-h', '--help'],
]);

/** The arguments with one spelling for each common switch: `-o json` is `--json`, `-h` is `--help`. */
export function spellSwitches(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  const [before, after] = end < 0 ? [argv, []] : [argv.slice(0, end), argv.slice(end)];
  const spelled: string[] = [];
  for (let index = 0; index < before.length; index += 1) {
    const argument = before[index] ?? '';
    const isJson = argument === '-o' && before[index + 1] === 'json';
    spelled.push(isJson ? '--json' : (ALIASES.get(argument) ?? argument));
    index += isJson ? 1 : 0;
  }
  return [...spelled, ...after];
}

/** Whether a common switch was given. */
export function hasSwitch(argv: readonly string[], name: (typeof COMMON_SWITCHES)[number]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes(name);
}
