/** A fenced block of a page. */
export interface Block {
  /** From the root of the repository. */
  readonly page: string;
  /** Of its first fence, from 1. */
  readonly line: number;
  /** The first word behind the fence; empty where there is none. */
  readonly language: string;
  /** The other words: `run` is `true`, `title=flows.ts` is `flows.ts`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

const FENCE = /^( *)(`{3,}|~{3,})(.*)$/;
const WORD = /([\w-]+)(?:=(?:"([^"]*)"|(\S+)))?/g;

/**
 * Takes a page apart. Fences may be indented, as in a list; their text is then less indented by as much.
 *
 * @throws RangeError for a fence that is not closed.
 */
export function readBlocks(page: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  let open:
    | { readonly indent: number; readonly fence: string; readonly info: string; readonly line: number }
    | undefined;
  let text: string[] = [];
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, indent = '', fence = '', info = ''] = FENCE.exec(line) ?? [];
    if (open === undefined) {
      if (fence === '') continue;
      open = { indent: indent.length, fence, info, line: index + 1 };
      text = [];
    } else if (fence.startsWith(open.fence) && info.trim() === '') {
      blocks.push({ page, line: open.line, ...readInfo(open.info), text: text.join('\n') });
      open = undefined;
    } else {
      text.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
    }
  }
  if (open !== undefined) throw new RangeError(`${page}:${open.line}: the fence is not closed`);
  return blocks;
}

function readInfo(info: string): Pick<Block, 'language' | 'attributes'> {
  const [, language = '', rest = ''] = /^\s*(\S*)(.*)$/.exec(info) ?? [];
  const words = [...rest.matchAll(WORD)].map(([, name = '', quoted, bare]) => [name, quoted ?? bare ?? 'true']);
  return { language, attributes: Object.fromEntries(words) as Record<string, string> };
}
