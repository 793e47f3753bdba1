import { crc32 } from 'node:zlib';
import { DomainError } from '#libs/errors/domain-error.ts';

/** The format of bodies that is written. */
const FORMAT = 1;
/** Format (1 byte), CRC-32 of what follows it (4), length of the fields (4). */
const CRC_AT = 1;
const LENGTH_AT = 5;
const FIELDS_AT = 9;

/** Fields of a body, as JSON keeps them. */
export type PackedFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Packs the body of a row outside runs: a format, a checksum, fields as JSON, then bytes. */
export function packRow(fields: PackedFields, bytes: Uint8Array = new Uint8Array()): Uint8Array {
  const text = Buffer.from(JSON.stringify(fields));
  const body = Buffer.alloc(FIELDS_AT + text.length + bytes.length);
  body.writeUInt8(FORMAT);
  body.writeUInt32BE(text.length, LENGTH_AT);
  body.set(text, FIELDS_AT);
  body.set(bytes, FIELDS_AT + text.length);
  body.writeUInt32BE(crc32(body.subarray(LENGTH_AT)), CRC_AT);
  return body;
}

/**
 * Reads what `packRow` wrote; `name` says in errors what the row is.
 *
 * @throws DATA_CORRUPTION for a body that is damaged, or of a format that this release does not know.
 */
export function parseRow(
  name: string,
  body: Uint8Array,
): { readonly fields: PackedFields; readonly bytes: Uint8Array } {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const format = buffer[0];
  if (format !== undefined && format !== FORMAT) {
    throw corrupt(name, `is of format ${format}, this release reads ${FORMAT}`);
  }
  if (buffer.length < FIELDS_AT || crc32(buffer.subarray(LENGTH_AT)) !== buffer.readUInt32BE(CRC_AT)) {
    throw corrupt(name, 'fails its checksum');
  }
  const end = FIELDS_AT + buffer.readUInt32BE(LENGTH_AT);
  return {
    fields: JSON.parse(buffer.toString('utf8', FIELDS_AT, end)) as PackedFields,
    bytes: buffer.subarray(end),
  };
}

function corrupt(name: string, problem: string): DomainError {
  return new DomainError('DATA_CORRUPTION', `the stored ${name} ${problem}`);
}
