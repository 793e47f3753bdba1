import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';

/** Bytes of a payload that go in a frame; a larger one is uploaded first and named by a reference. */
export const MAX_INLINE_BYTES: number = 1_048_576;

/** The payload that says null where a message must hold one. */
export const NULL_PAYLOAD: Payload = {
  $typeName: 'millrace.common.v1.Payload',
  contentType: '',
  encodings: [],
  value: { case: undefined },
};

/** The bytes of a JSON text, or of what `contentType` says, as a payload. They are not copied. */
export function payloadFromBytes(data: Uint8Array, contentType = ''): Payload {
  return { $typeName: 'millrace.common.v1.Payload', contentType, encodings: [], value: { case: 'data', value: data } };
}

/**
 * A payload as the log gives it back: null is undefined, and a JSON text is its bytes. So code sees the same when it runs
 * and when it is replayed; only what the server moves into its blob store comes back as a reference.
 *
 * @throws PAYLOAD_TOO_LARGE above 1 MiB, INVALID_FIELDS for what is no payload.
 */
export function loggedPayload(payload: Payload | undefined): Payload | undefined {
  if (payload === undefined) return undefined;
  const { value } = payload;
  switch (value.case) {
    case 'data':
      if (!(value.value instanceof Uint8Array)) throw notAPayload('data must be bytes');
      if (value.value.length > MAX_INLINE_BYTES) throw tooLarge(value.value.length);
      break;
    case 'json':
      return loggedPayload({ ...payload, contentType: '', value: { case: 'data', value: Buffer.from(value.value) } });
    case 'ref':
      break;
    case undefined:
      return undefined;
  }
  if (payload.contentType.length > MAX_TYPE_CHARS)
    throw notAPayload(`content_type has more than ${MAX_TYPE_CHARS} characters`);
  if (payload.encodings.length > MAX_ENCODINGS) throw notAPayload(`encodings are more than ${MAX_ENCODINGS}`);
  return payload;
}

/** A payload that comes from the log, as code sees it: null is undefined. */
export function payloadFromLog(payload: Payload | undefined): Payload | undefined {
  return payload?.value.case === undefined ? undefined : payload;
}

/** About what a payload takes of a message. */
export function payloadBytes(payload: Payload | undefined): number {
  const value = payload?.value;
  switch (value?.case) {
    case 'data':
      return value.value.length;
    case 'json':
      return value.value.length * 3;
    default:
      return 0;
  }
}

// In characters of at most three bytes each, so that nothing has to be encoded to be counted.
const MAX_TYPE_CHARS = 42;
const MAX_ENCODINGS = 8;

function tooLarge(size: number): DomainError {
  return new DomainError('PAYLOAD_TOO_LARGE', `a payload of ${size} bytes is above ${MAX_INLINE_BYTES}`, {
    metadata: { size: String(size), maximum: String(MAX_INLINE_BYTES) },
  });
}

function notAPayload(description: string): DomainError {
  return new DomainError('INVALID_FIELDS', `payload: ${description}`, {
    violations: [{ field: 'payload', description }],
  });
}
