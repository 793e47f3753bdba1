import { crc32 } from 'node:zlib';
import { DomainError } from '#libs/errors/domain-error.ts';

/** The format of bodies that is written. Fields may be added to it; what older releases must not miss raises it. */
const FORMAT = 1;
/** Format (1 byte), CRC-32 of the fields (4), the fields as JSON. */
const CRC_AT = 1;
const FIELDS_AT = 5;

/** Fields of a body, by name. */
export type BodyFields = Readonly<Record<string, unknown>>;

/** Packs the body of a row of leases or members. */
export function packBody(fields: BodyFields): Uint8Array {
  const text = Buffer.from(JSON.stringify(fields));
  const body = Buffer.alloc(FIELDS_AT + text.length);
  body.writeUInt8(FORMAT);
  body.writeUInt32BE(crc32(text), CRC_AT);
  body.set(text, FIELDS_AT);
  return body;
}

/**
 * Reads what `packBody` wrote; `name` says in errors what the row is.
 *
 * @throws DATA_CORRUPTION for a body that is damaged, or of a format that this release does not know.
 */
export function parseBody(name: string, body: Uint8Array): BodyFields {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const format = buffer[0];
  if (format !== undefined && format !== FORMAT) {
    throw new DomainError('DATA_CORRUPTION', `the stored ${name} is of format ${format}, this release reads ${FORMAT}`);
  }
  const text = buffer.subarray(FIELDS_AT);
  if (buffer.length < FIELDS_AT || crc32(text) !== buffer.readUInt32BE(CRC_AT)) {
    throw new DomainError('DATA_CORRUPTION', `the stored ${name} fails its checksum`);
  }
  return JSON.parse(text.toString()) as BodyFields;
}

/** Whether a body is of a format that a later release made. */
export function isNewerBody(body: Uint8Array): boolean {
  return (body[0] ?? 0) > FORMAT;
}

/** A field that is a text; empty where it is absent or something else. */
export function textOf(fields: BodyFields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

/** A field that is a number; 0 where it is absent or something else. */
export function numberOf(fields: BodyFields, name: string): number {
  const value = fields[name];
  return typeof value === 'number' ? value : 0;
}

/** A field that is a list of texts; empty where it is absent or something else. */
export function textsOf(fields: BodyFields, name: string): readonly string[] {
  const value = fields[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
