import type { Declared, Door, Member } from './door.ts';
import { readDoor } from './read-door.ts';

const DOOR = 'libs/sdk/millrace.ts';

/** What people import as `millrace`, from the doc comments of what the door exports. */
export function renderReferencePage(): string {
  return renderDoor(readDoor(DOOR));
}

/** The page of a door. */
export function renderDoor({ exports, named, messages }: Door): string {
  const anchors = createAnchors();
  anchors('Reference');
  const sections = (declared: readonly Declared[]) => declared.map((one) => ({ one, anchor: anchors(one.name) }));
  const own = sections(exports);
  anchors('Named by these');
  const others = sections(named);
  const rows = (all: typeof own) =>
    all.map(({ one, anchor }) => `| [\`${one.name}\`](#${anchor}) | ${cell(firstSentence(one.comment))} |`).join('\n');
  return `# Reference

What \`import … from 'millrace'\` gives, in the order of [the door](../${DOOR}).

| export | what |
|---|---|
${rows(own)}

${own.map(({ one }) => renderDeclared(one)).join('\n')}
## Named by these

Types that signatures above name, and that need no import: an object of the right shape will do.

| type | what |
|---|---|
${rows(others)}

${others.map(({ one }) => renderDeclared(one)).join('\n')}
## Messages of the protos

| type | comes from |
|---|---|
${messages.map(({ name, file }) => `| \`${name}\` | [${file}](../${file}) |`).join('\n')}
`;
}

function renderDeclared({ name, file, signatures, comment, members }: Declared): string {
  const table = `
| member | what |
|---|---|
${members.map(renderMember).join('\n')}
`;
  return `### ${name}

\`\`\`ts signature
${signatures.join('\n')}
\`\`\`

${comment}

${members.length === 0 ? '' : `${table.trimStart()}\n`}From [${file}](../${file}).
`;
}

function renderMember({ signatures, comment }: Member): string {
  return `| ${signatures.map((text) => `\`${cell(text)}\``).join('<br>')} | ${cell(comment)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}

function firstSentence(text: string): string {
  return /^[\s\S]*?[^.]\.(?=\s|$)/.exec(text)?.[0] ?? text;
}

/** Names headings as readers of Markdown do: the second one of a name gets a number. */
function createAnchors(): (heading: string) => string {
  const used = new Map<string, number>();
  return (heading) => {
    const plain = heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-');
    const count = used.get(plain) ?? 0;
    used.set(plain, count + 1);
    return count === 0 ? plain : `${plain}-${count}`;
  };
}
