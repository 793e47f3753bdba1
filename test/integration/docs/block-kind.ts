import type { Block } from './read-blocks.ts';

/** What is done with a block. */
export type BlockKind = 'types' | 'shell' | 'json' | 'none';

const KINDS: Readonly<Record<string, BlockKind>> = {
  ts: 'types',
  sh: 'shell',
  console: 'shell',
  json: 'json',
};

/** What is not run, and why. A single block says so on its fence: `not-run="why"`. */
const NOT_RUN: Readonly<Record<string, string>> = {
  text: 'a map or a form, for people to look at',
  js: 'how ESLint is told of the rule, which is none of our dependencies; oxlint is, and has a test of its own',
  'ts signature': 'a declaration without its body, written by `npm run docs` from sources that are checked',
};

/** Words that a fence may carry, by language. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  ts: ['title', 'run', 'signature', 'not-run'],
  sh: ['not-run'],
  console: ['background', 'not-run'],
};

/**
 * Says what is done with a block.
 *
 * @throws RangeError for a language or a word that nobody knows, or a block that does not say why it is not run.
 */
export function blockKind({ page, line, language, attributes }: Block): BlockKind {
  const words = Object.keys(attributes);
  const unknown = words.filter((word) => !WORDS[language]?.includes(word));
  const key = 'signature' in attributes ? `${language} signature` : language;
  const kind = NOT_RUN[key] === undefined ? KINDS[language] : 'none';
  if (kind === undefined || unknown.length > 0) {
    throw new RangeError(
      `${page}:${line}: nobody knows how to run a block of ${[language || 'no language', ...words].join(' ')}`,
    );
  }
  if (attributes['not-run'] === undefined) return kind;
  if (!attributes['not-run'].includes(' ')) throw new RangeError(`${page}:${line}: not-run says no reason`);
  return 'none';
}
