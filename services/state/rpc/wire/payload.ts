import { isUtf8 } from 'node:buffer';
import type { Payload as PayloadMessage, PayloadRef as PayloadRefMessage } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Payload, PayloadRef } from '#libs/engine/model/payload.ts';
import { invalidField } from './invalid-field.ts';

/** How payloads are answered: `payloadToProto` on streams, `payloadToReadableProto` by unary calls. */
export type PayloadToProto = (payload: Payload | undefined) => PayloadMessage | undefined;

const JSON_TYPE = 'application/json';
/** What the protos allow for `json`; more goes out as bytes. */
const MAX_JSON_BYTES = 1_048_576;

/**
 * A payload as the engine takes it. Bytes are taken as they are, without a copy; `json` becomes its UTF-8 bytes without a
 * content type. A payload with no value is null, which is not the same as none.
 *
 * A reference in a request names a staged upload, with or without an upload id. Whoever takes requests copies it into the
 * run first; what comes here is a reference to the run's own payload, without an upload id.
 *
 * @throws INVALID_FIELDS naming the field for a reference that still has an upload id, or an impossible size.
 */
export function payloadFromProto(message: PayloadMessage | undefined, field: string): Payload | undefined {
  if (message === undefined) return undefined;
  const { contentType, encodings, value } = message;
  switch (value.case) {
    case 'data':
      return { contentType, encodings, data: value.value, ref: undefined };
    case 'json':
      return { contentType: '', encodings, data: Buffer.from(value.value), ref: undefined };
    case 'ref':
      return { contentType, encodings, data: undefined, ref: refFromProto(value.value, field) };
    case undefined:
      return { contentType, encodings, data: undefined, ref: undefined };
  }
}

/** A payload on the wire; bytes stay bytes, without a copy. */
export function payloadToProto(payload: Payload | undefined): PayloadMessage | undefined {
  if (payload === undefined) return undefined;
  const { contentType, encodings } = payload;
  return {
    $typeName: 'millrace.common.v1.Payload',
    contentType,
    encodings: encodings.length === 0 ? [] : [...encodings],
    value: valueOf(payload),
  };
}

/**
 * A payload on the wire as people like to read it: `json` where the bytes are JSON by their content type, valid UTF-8 and
 * not encoded, else as `payloadToProto`. It costs a copy, so streams do not use it.
 */
export function payloadToReadableProto(payload: Payload | undefined): PayloadMessage | undefined {
  const data = payload?.data;
  if (payload === undefined || data === undefined || !isReadable(payload, data)) return payloadToProto(payload);
  const value = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  return {
    $typeName: 'millrace.common.v1.Payload',
    contentType: '',
    encodings: [],
    value: { case: 'json', value },
  };
}

function isReadable({ contentType, encodings }: Payload, data: Uint8Array): boolean {
  if (encodings.length > 0 || (contentType !== '' && contentType.toLowerCase() !== JSON_TYPE)) return false;
  return data.length <= MAX_JSON_BYTES && isUtf8(data);
}

function valueOf({ data, ref }: Payload): PayloadMessage['value'] {
  if (data !== undefined) return { case: 'data', value: data };
  return ref === undefined ? { case: undefined } : { case: 'ref', value: refToProto(ref) };
}

function refToProto({ sha256, size }: PayloadRef): PayloadRefMessage {
  return { $typeName: 'millrace.common.v1.PayloadRef', sha256, size: BigInt(size), uploadId: '' };
}

function refFromProto({ sha256, size, uploadId }: PayloadRefMessage, field: string): PayloadRef {
  if (uploadId !== '') throw invalidField(`${field}.ref.upload_id`, 'names an upload that was not taken');
  if (size < 0n || size > Number.MAX_SAFE_INTEGER) {
    throw invalidField(`${field}.ref.size`, `must be from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  return { sha256, size: Number(size) };
}
