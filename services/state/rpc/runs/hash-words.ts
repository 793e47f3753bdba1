import { hash } from 'node:crypto';

/**
 * A hash of everything that a request says: other words have another hash. Bytes are hashed as they are, because they may
 * be a megabyte; the order of an object's fields counts, so that it has to be the same each time.
 */
export function hashWords(words: readonly unknown[]): Uint8Array {
  const parts: (string | Uint8Array)[] = [];
  feed(words, parts);
  // One call with all of it costs a third of a hash that is fed.
  return hash('sha256', joined(parts), 'buffer');
}

function feed(value: unknown, parts: (string | Uint8Array)[]): void {
  if (value instanceof Uint8Array) {
    parts.push(`#${value.length}:`, value);
  } else if (typeof value === 'string') {
    // The length keeps apart what would read the same in a row.
    parts.push(`'${value.length}:`, value);
  } else if (value === null || typeof value !== 'object') {
    parts.push(`${typeof value} ${String(value)};`);
  } else if (Array.isArray(value)) {
    parts.push(`[${value.length}:`);
    for (const item of value) feed(item, parts);
  } else {
    const fields = Object.entries(value);
    parts.push(`{${fields.length}:`);
    for (const [name, field] of fields) {
      parts.push(`${name.length}:`, name);
      feed(field, parts);
    }
  }
}

function joined(parts: readonly (string | Uint8Array)[]): string | Uint8Array {
  const chunks: Uint8Array[] = [];
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
    } else {
      chunks.push(Buffer.from(text), part);
      text = '';
    }
  }
  return chunks.length === 0 ? text : Buffer.concat([...chunks, Buffer.from(text)]);
}
