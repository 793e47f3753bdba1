import { type ConfigDefinition, entriesOf, optionName } from './config-table.ts';
import { describeDefault } from './describe-default.ts';

/** A program's settings as a section of a Markdown page. */
export function renderMarkdown<T>(definition: ConfigDefinition<T>): string {
  const rows = entriesOf(definition.table).map(([, entry]) => {
    const option = optionName(entry.env, definition.prefix);
    const fallback = describeDefault(entry);
    const cells = [
      `\`${entry.env}\``,
      `\`${option}\``,
      entry.type.rule,
      fallback === 'none' ? 'none' : `\`${fallback}\``,
      sentence(entry.doc),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `## ${definition.program}

${sentence(definition.summary)}

| Variable | Option | Value | Default | What it does |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
