import { createHash, type Hash } from 'node:crypto';

/**
 * A hash of everything that a request says: other words have another hash. Bytes are hashed as they are, because they may
 * be a megabyte; the order of an object's fields counts, so that it has to be the same each time.
 */
export function hashWords(words: readonly unknown[]): Uint8Array {
  const hash = createHash('sha256');
  const text: string[] = [];
  feed(words, text, hash);
  flush(text, hash);
  return hash.digest();
}

function feed(value: unknown, text: string[], hash: Hash): void {
  if (value instanceof Uint8Array) {
    text.push(`#${value.length}:`);
    flush(text, hash);
    hash.update(value);
  } else if (typeof value === 'string') {
    // The length keeps apart what would read the same in a row.
    text.push(`'${value.length}:`, value);
  } else if (value === null || typeof value !== 'object') {
    text.push(`${typeof value} ${String(value)};`);
  } else if (Array.isArray(value)) {
    text.push(`[${value.length}:`);
    for (const item of value) feed(item, text, hash);
  } else {
    const fields = Object.entries(value);
    text.push(`{${fields.length}:`);
    for (const [name, field] of fields) {
      text.push(`${name.length}:`, name);
      feed(field, text, hash);
    }
  }
}

function flush(text: string[], hash: Hash): void {
  if (text.length === 0) return;
  hash.update(text.join(''));
  text.length = 0;
}
