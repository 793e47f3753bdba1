import { readBytes } from '#libs/engine/log/byte-reader.ts';
import { writeBytes } from '#libs/engine/log/byte-writer.ts';
import type { Codec } from '#libs/engine/log/codec.ts';
import type { Payload } from '#libs/engine/model/payload.ts';

/**
 * A copy that shares no memory with what it was taken from. Journal records come as Buffers, whose `slice` is a view that
 * would keep a record of megabytes in memory.
 */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Bytes that are kept longer than what they were read from. */
export const ownBytes: Codec<Uint8Array> = { write: writeBytes, read: (reader) => copyBytes(readBytes(reader)) };

/** A payload that is kept longer than what it was read from. */
export function copyPayload(payload: Payload): Payload {
  const { contentType, encodings, data, ref } = payload;
  return {
    contentType,
    encodings,
    data: data === undefined ? undefined : copyBytes(data),
    ref: ref === undefined ? undefined : { ...ref, sha256: copyBytes(ref.sha256) },
  };
}
