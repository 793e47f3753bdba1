import { DomainError } from '#libs/errors/domain-error.ts';
import type { Attributes } from './attribute.ts';
import type { RowStamp, RowWrite } from './row-writer.ts';

/** Bytes of a row's body: a MongoDB document ends at 16 MiB, and key, attributes and fields need some of it. */
const MAX_BODY_BYTES = 12 * 1024 * 1024;

/** Bytes of a text that a row is found by: ids have at most 256, but derived ones and tag sets have more. */
const MAX_TEXT_BYTES = 1024;

/** Bytes of a run's packed attributes, keywords and names together. */
const MAX_ATTRIBUTE_BYTES = 64 * 1024;

/**
 * Refuses what not every store can keep as it is: texts that are too long, contain NUL or are no Unicode, numbers that
 * are not whole or beyond 2^53, bodies that are too large.
 *
 * @throws INVALID_FIELDS or PAYLOAD_TOO_LARGE, naming the field and the limit.
 */
export function assertRow(table: string, row: object): void {
  for (const name in row) {
    const value = (row as Readonly<Record<string, unknown>>)[name];
    if (typeof value === 'string') {
      assertText(`${table}.${name}`, value);
    } else if (typeof value === 'number') {
      assertWhole(`${table}.${name}`, value);
    } else if (value instanceof Uint8Array) {
      assertBody(`${table}.${name}`, value);
    }
  }
}

/**
 * Checks a round of writes before any of it is done.
 *
 * @throws as `assertRow` does.
 */
export function assertRowWrites(stamp: RowStamp, writes: readonly RowWrite[]): void {
  assertRow('stamp', stamp);
  for (const write of writes) {
    if (!('put' in write)) {
      assertRow(write.table, write.delete);
      continue;
    }
    assertRow(write.table, write.put);
    if (write.table === 'heads') {
      assertAttributes(write.put.attributes);
    } else if (write.table === 'items') {
      assertRow('items.state', write.put.state);
    }
  }
}

function assertAttributes(attributes: Attributes): void {
  let bytes = 0;
  for (const [name, { type, value }] of Object.entries(attributes)) {
    const texts = type === 'keyword_list' ? value : type === 'keyword' ? [value] : [];
    for (const text of [name, ...texts]) {
      assertText('heads.attributes', text);
      bytes += Buffer.byteLength(text);
    }
    if (type === 'integer' && BigInt.asIntN(64, value) !== value) {
      refuse('heads.attributes', `${name} must be a signed 64-bit integer`);
    } else if (type === 'time') {
      assertWhole('heads.attributes', value);
    }
  }
  if (bytes > MAX_ATTRIBUTE_BYTES) {
    refuse('heads.attributes', `names and keywords have ${bytes} bytes, at most ${MAX_ATTRIBUTE_BYTES} are kept`);
  }
}

function assertText(field: string, text: string): void {
  // A code unit is at most three bytes: most texts need no count.
  if (text.length * 3 > MAX_TEXT_BYTES && Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    refuse(field, `has ${Buffer.byteLength(text)} bytes, at most ${MAX_TEXT_BYTES} are kept`);
  }
  if (!text.isWellFormed() || text.includes('\0')) {
    refuse(field, 'must be unicode without NUL');
  }
}

function assertWhole(field: string, value: number): void {
  if (!Number.isSafeInteger(value)) {
    refuse(field, `must be a whole number between -2^53 and 2^53, not ${value}`);
  }
}

function assertBody(field: string, body: Uint8Array): void {
  if (body.byteLength > MAX_BODY_BYTES) {
    throw new DomainError(
      'PAYLOAD_TOO_LARGE',
      `${field} has ${body.byteLength} bytes, at most ${MAX_BODY_BYTES} are kept`,
      {
        metadata: { limit: String(MAX_BODY_BYTES) },
      },
    );
  }
}

function refuse(field: string, description: string): never {
  throw new DomainError('INVALID_FIELDS', `${field} ${description}`, { violations: [{ field, description }] });
}
