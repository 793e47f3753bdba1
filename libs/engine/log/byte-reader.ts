import { LogError } from '../model/log-error.ts';

/** Bytes that are read from the front. */
export interface ByteReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position: number;
  /** Where reading stops. */
  end: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A reader at the first byte. */
export function createByteReader(bytes: Uint8Array): ByteReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, position: 0, end: bytes.length };
}

/** Answers where the next `size` bytes begin and steps over them; TRUNCATED when they are not there. */
export function take(reader: ByteReader, size: number): number {
  const start = reader.position;
  if (start + size > reader.end)
    throw new LogError('TRUNCATED', `${size} bytes wanted, ${reader.end - start} are left`);
  reader.position = start + size;
  return start;
}

/** Reads one byte. */
export function readByte(reader: ByteReader): number {
  return reader.bytes[take(reader, 1)] ?? 0;
}

/** Reads a whole number from 0 to 2^53 − 1. */
export function readVarint(reader: ByteReader): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = readByte(reader);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    scale *= 128;
    if (scale > 2 ** 49) throw new LogError('MALFORMED', 'a number is longer than eight bytes');
  }
  if (!Number.isSafeInteger(value)) throw new LogError('MALFORMED', 'a number is larger than 2^53 - 1');
  return value;
}

/** Reads a whole number of either sign. */
export function readSigned(reader: ByteReader): number {
  const value = readVarint(reader);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Reads an int64. */
export function readInt64(reader: ByteReader): bigint {
  return reader.view.getBigInt64(take(reader, 8));
}

/** Reads a double. */
export function readDouble(reader: ByteReader): number {
  return reader.view.getFloat64(take(reader, 8));
}

/** Reads bytes as a view into what is read: whoever keeps them keeps the whole, or copies. */
export function readBytes(reader: ByteReader): Uint8Array {
  const size = readVarint(reader);
  const start = take(reader, size);
  return reader.bytes.subarray(start, start + size);
}

/** Reads a text. */
export function readString(reader: ByteReader): string {
  const bytes = readBytes(reader);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new LogError('MALFORMED', 'a text is not UTF-8');
  }
}
