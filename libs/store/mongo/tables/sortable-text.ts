import { createHash } from 'node:crypto';

/**
 * A text is part of a key in up to as many bytes. DocumentDB refuses ids of more than 2 700 bytes, and the longest, in
 * the log of tombstones, has five texts.
 */
const MAX_BYTES = 480;
const LAST_ESCAPED = '!'.charCodeAt(0);

/** Escapes a text so that it has no blank and sorts as before: what is up to `!` becomes `!` and its code. */
export function sortableText(text: string): string {
  let escaped = '';
  let done = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code <= LAST_ESCAPED) {
      escaped += `${text.slice(done, index)}!${code.toString(16).padStart(2, '0')}`;
      done = index + 1;
    }
  }
  return done === 0 ? text : escaped + text.slice(done);
}

/**
 * Escapes a text like `sortableText`. One that is too long then ends early, with a digest of the whole behind the mark
 * `!~`, which no other has.
 */
export function shortText(text: string): string {
  const escaped = sortableText(text);
  // A code unit is at most three bytes: most texts need no count.
  return escaped.length * 3 <= MAX_BYTES || Buffer.byteLength(escaped) <= MAX_BYTES ? escaped : shorten(escaped);
}

function shorten(text: string): string {
  const end = `!~${createHash('sha256').update(text).digest('base64url')}`;
  // With `stream` a character that is cut apart is left out.
  const kept = new TextDecoder().decode(Buffer.from(text).subarray(0, MAX_BYTES - end.length), { stream: true });
  return kept + end;
}
