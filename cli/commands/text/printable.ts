/** What moves the cursor, changes colours or turns the direction of writing; the end of a line does not count. */
const UNPRINTABLE = /[[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]--[\n]]/gv;

/**
 * A text as it may go to a terminal. Names, messages and payloads are written by others: what would steer the terminal
 * is shown as `\u001b` instead. Ends of lines stay.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A letter may be several code points, and those several units of a text; rarely are they more than this. */
const MAX_UNITS = 16;
/** Made when it is needed: it loads tables that few outputs use. */
let segmenter: Intl.Segmenter | undefined;

/** The letters of a text as people count them. */
export function lettersOf(text: string): readonly string[] {
  segmenter ??= new Intl.Segmenter();
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** A text in one line: runs of white space are one blank. Cut after `maxLength` letters, with `…` in place of the rest. */
export function oneLine(text: string, maxLength: number = Number.POSITIVE_INFINITY): string {
  const line = text.trim().replace(/\s+/g, ' ');
  if (line.length <= maxLength) {
    return line;
  }
  const letters = lettersOf(line.slice(0, maxLength * MAX_UNITS));
  return letters.length > maxLength ? `${letters.slice(0, maxLength - 1).join('')}…` : line;
}
