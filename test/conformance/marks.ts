/**
 * What a test carries in its name, or in that of a suite around it, when it holds lines: `[57]`, `[16, 37]`. Rules of
 * other pages are written with their page, as `[journal.md 10]`, and values of tests have no space around them.
 */
export const MARK: RegExp = /(?<=^|\s)\[(\d+(?:, ?\d+)*)\](?=$|[\s,.:;])/;

/** The numbers of the lines that names carry, each once, in order. */
export function markedLines(names: readonly string[]): readonly number[] {
  const marks = names.flatMap((name) => [...name.matchAll(new RegExp(MARK, 'g'))].map(([, numbers = '']) => numbers));
  return [...new Set(marks.flatMap((numbers) => numbers.split(',').map(Number)))].toSorted((a, b) => a - b);
}
