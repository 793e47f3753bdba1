import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { payloadFromBytes } from '#libs/work-loop/values/payload.ts';

/** The content type of bytes, which are not wrapped in JSON. */
const BYTES = 'application/octet-stream';

/**
 * A value as it travels: bytes as they are, undefined as nothing, everything else as JSON.
 *
 * @throws INVALID_FIELDS for what JSON cannot say: a function, a symbol, a BigInt, a circle.
 */
export function payloadOf(value: unknown, field: string): Payload | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Uint8Array) return payloadFromBytes(value, BYTES);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw notJson(field, error instanceof Error ? error.message : String(error), error);
  }
  if (text === undefined) throw notJson(field, `is a ${typeof value}`, undefined);
  return payloadFromBytes(Buffer.from(text));
}

/**
 * The value of a payload whose bytes are here.
 *
 * @throws INVALID_FIELDS for bytes that are not what the content type says, or that were encoded by somebody else.
 */
export function valueOf(payload: Payload | undefined, field: string): unknown {
  if (payload === undefined || payload.value.case === undefined) return undefined;
  const { contentType, encodings, value } = payload;
  if (encodings.length > 0) throw unreadable(field, `is encoded by ${encodings.join(', ')}`);
  switch (value.case) {
    case 'json':
      return parse(value.value, field);
    case 'data':
      if (contentType === BYTES) return value.value;
      if (contentType !== '' && !isJson(contentType)) throw unreadable(field, `has the content type ${contentType}`);
      return parse(textOf(value.value), field);
    case 'ref':
      throw unreadable(field, 'is kept elsewhere and was not read');
  }
}

function textOf(bytes: Uint8Array): string {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString();
}

function parse(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(field, 'is no JSON', error);
  }
}

function isJson(contentType: string): boolean {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type === 'application/json' || type.endsWith('+json');
}

function notJson(field: string, why: string, cause: unknown): DomainError {
  const description = `must be JSON or bytes: ${why}`;
  return new DomainError('INVALID_FIELDS', `${field} ${description}`, { violations: [{ field, description }], cause });
}

function unreadable(field: string, why: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_FIELDS', `${field} ${why}`, { violations: [{ field, description: why }], cause });
}
