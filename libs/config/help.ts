import { type ConfigDefinition, entriesOf, optionName } from './config-table.ts';
import { describeDefault } from './describe-default.ts';

/** The text of `--help`: every setting with its option, its variable, what it takes and its default. */
export function renderHelp<T>(definition: ConfigDefinition<T>): string {
  const settings = entriesOf(definition.table).map(([, entry]) => {
    const option = optionName(entry.env, definition.prefix);
    return [
      `  ${option} <${entry.type.placeholder}>`,
      `      ${entry.doc}`,
      `      ${entry.env}, default ${describeDefault(entry)}`,
    ].join('\n');
  });
  return `${definition.program} ${definition.version}: ${definition.summary}

Every setting is an option and an environment variable; the option wins, and an empty variable counts as not set.

${settings.join('\n\n')}

  --help
      show this and exit

  --version
      show the version and exit
`;
}
