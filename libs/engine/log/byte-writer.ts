import { LogError } from '../model/log-error.ts';

/** Bytes that grow while they are written. One writer serves a whole batch. */
export interface ByteWriter {
  bytes: Uint8Array;
  view: DataView;
  /** How many bytes are written. */
  length: number;
}

const encoder = new TextEncoder();

/** A writer with room for so many bytes; it grows by itself. */
export function createByteWriter(capacity: number = 1024): ByteWriter {
  const bytes = new Uint8Array(capacity);
  return { bytes, view: new DataView(bytes.buffer), length: 0 };
}

/** What was written, as a view that is good until the writer is used again. */
export function writtenBytes(writer: ByteWriter): Uint8Array {
  return writer.bytes.subarray(0, writer.length);
}

/** Makes sure that there is room for so many more bytes. */
export function reserve(writer: ByteWriter, more: number): void {
  const wanted = writer.length + more;
  if (wanted <= writer.bytes.length) return;
  const bytes = new Uint8Array(Math.max(wanted, writer.bytes.length * 2));
  bytes.set(writer.bytes.subarray(0, writer.length));
  writer.bytes = bytes;
  writer.view = new DataView(bytes.buffer);
}

/** Writes one byte. */
export function writeByte(writer: ByteWriter, value: number): void {
  reserve(writer, 1);
  writer.bytes[writer.length++] = value;
}

/** Writes a whole number from 0 to 2^53 − 1 in seven bits a byte, the lowest first. */
export function writeVarint(writer: ByteWriter, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new LogError('MALFORMED', `${value} is not a whole number from 0 to 2^53 - 1`);
  }
  reserve(writer, 8);
  const bytes = writer.bytes;
  let rest = value;
  while (rest > 0x7fff_ffff) {
    bytes[writer.length++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest > 0x7f) {
    bytes[writer.length++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[writer.length++] = rest;
}

/** Writes a whole number of either sign, small ones short. */
export function writeSigned(writer: ByteWriter, value: number): void {
  writeVarint(writer, value >= 0 ? value * 2 : -value * 2 - 1);
}

/** Writes an int64 in eight bytes. */
export function writeInt64(writer: ByteWriter, value: bigint): void {
  reserve(writer, 8);
  writer.view.setBigInt64(writer.length, value);
  writer.length += 8;
}

/** Writes a double in eight bytes. */
export function writeDouble(writer: ByteWriter, value: number): void {
  reserve(writer, 8);
  writer.view.setFloat64(writer.length, value);
  writer.length += 8;
}

/** Writes bytes after their number. */
export function writeBytes(writer: ByteWriter, value: Uint8Array): void {
  writeVarint(writer, value.length);
  reserve(writer, value.length);
  writer.bytes.set(value, writer.length);
  writer.length += value.length;
}

/** Writes a text as UTF-8. Names are short and plain, so they are written letter by letter without an encoder. */
export function writeString(writer: ByteWriter, value: string): void {
  const size = value.length;
  if (size < 128) {
    reserve(writer, size + 1);
    const { bytes, length } = writer;
    bytes[length] = size;
    let index = 0;
    for (; index < size; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) break;
      bytes[length + 1 + index] = code;
    }
    if (index === size) {
      writer.length = length + 1 + size;
      return;
    }
  }
  writeBytes(writer, encoder.encode(value));
}
