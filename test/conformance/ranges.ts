/**
 * The lines that a text like `1-34,36` names, in order. Anything else is a `RangeError` that names the part that is
 * wrong: no number, a range that runs backwards, a line that is not there.
 */
export function parseRanges(text: string, lastLine: number): readonly number[] {
  const lines = text.split(',').flatMap((part) => {
    const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined) throw new RangeError(`--require: "${part}" is neither a line nor a range like 1-34`);
    if (from > to) throw new RangeError(`--require: "${part}" runs backwards`);
    if (from < 1 || to > lastLine) throw new RangeError(`--require: "${part}" is not within 1-${lastLine}`);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
  return [...new Set(lines)].toSorted((a, b) => a - b);
}
