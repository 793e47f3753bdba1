import { crc32 } from 'node:zlib';
import { copyBytes } from '#libs/engine/log/copy-bytes.ts';
import type { RecordKey } from './journal.ts';
import {
  BATCH_ID_BYTES,
  CHECKSUM_BYTES,
  EMPTY_RECORD_BYTES,
  MAX_EPOCH,
  MAX_PARTITION,
  MAX_POSITION,
  RECORD_FORMAT,
  RECORD_KIND,
  RECORD_LAYOUT,
  RECORD_MAGIC,
  RECORD_MAX_BYTES,
} from './record-format.ts';

/** What a record says about itself. */
export interface RecordHeader extends RecordKey {
  readonly epoch: number;
  /** The mark of a new owner instead of a batch. */
  readonly isEpoch: boolean;
  /** Sixteen random bytes. */
  readonly batchId: Uint8Array;
}

/** The parts of a record. */
export interface RecordContents extends RecordHeader {
  readonly entries: readonly Uint8Array[];
}

/** Gathers the entries of a batch in the buffer that becomes the record, so that each is copied once. */
export interface RecordWriter {
  /** How many bytes the record would have now; the owner closes it at `RECORD_CLOSE_BYTES`. */
  readonly byteLength: number;
  readonly entryCount: number;
  /**
   * Appends a copy of an entry, by default of all of `entry`, else of its first `length` bytes.
   *
   * @throws RangeError when the record would be larger than `RECORD_MAX_BYTES`; it stays as it was.
   */
  add(entry: Uint8Array, length?: number): void;
  /**
   * Closes the record and begins an empty one. The bytes belong to the caller and are not written to again.
   *
   * @throws RangeError when a field of the header is out of its range; the entries stay.
   */
  finish(header: RecordHeader): Uint8Array;
}

/** What a first record gets; later ones get what the one before needed. */
const FIRST_CAPACITY = 4096;

/** Makes a writer without entries. */
export function createRecordWriter(): RecordWriter {
  let buffer: Buffer | undefined;
  let end: number = RECORD_LAYOUT.entries;
  let entryCount = 0;
  let capacity = FIRST_CAPACITY;

  function grow(needed: number): Buffer {
    const bytes = Math.min(Math.max(needed, buffer === undefined ? capacity : buffer.length * 2), RECORD_MAX_BYTES);
    // Not from the shared pool: a record may live long, and would keep its neighbours alive.
    const larger = Buffer.allocUnsafeSlow(bytes);
    buffer?.copy(larger, RECORD_LAYOUT.entries, RECORD_LAYOUT.entries, end);
    buffer = larger;
    return larger;
  }

  return {
    get byteLength() {
      return end + CHECKSUM_BYTES;
    },
    get entryCount() {
      return entryCount;
    },
    add(entry, length = entry.length) {
      const needed = end + varintBytes(length) + length + CHECKSUM_BYTES;
      assertRecordBytes(needed);
      const target = buffer !== undefined && buffer.length >= needed ? buffer : grow(needed);
      end = writeEntry(target, end, entry, length);
      entryCount += 1;
    },
    finish(header) {
      assertHeader(header);
      const target = buffer ?? grow(EMPTY_RECORD_BYTES);
      const record = seal(target, end, header, entryCount);
      // A little more than this one needed, so that a steady load neither grows its buffers nor wastes much of them.
      capacity = Math.max(FIRST_CAPACITY, record.length + (record.length >> 2));
      buffer = undefined;
      end = RECORD_LAYOUT.entries;
      entryCount = 0;
      return record;
    },
  };
}

/**
 * Packs a record.
 *
 * @throws RangeError when a field of the header is out of its range, or the record larger than `RECORD_MAX_BYTES`.
 */
export function encodeRecord(contents: RecordContents): Uint8Array {
  assertHeader(contents);
  let length = EMPTY_RECORD_BYTES;
  for (const entry of contents.entries) {
    length += varintBytes(entry.length) + entry.length;
  }
  assertRecordBytes(length);
  const buffer = Buffer.allocUnsafeSlow(length);
  let end: number = RECORD_LAYOUT.entries;
  for (const entry of contents.entries) {
    end = writeEntry(buffer, end, entry, entry.length);
  }
  return seal(buffer, end, contents, contents.entries.length);
}

function writeEntry(target: Buffer, start: number, entry: Uint8Array, length: number): number {
  let offset = start;
  let rest = length;
  while (rest > 0x7f) {
    target[offset++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[offset++] = rest;
  copyBytes(target, offset, entry, 0, length);
  return offset + length;
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x200000 ? 3 : 4;
}

function seal(buffer: Buffer, end: number, header: RecordHeader, entryCount: number): Uint8Array {
  const at = RECORD_LAYOUT;
  buffer.writeUInt32BE(RECORD_MAGIC, at.magic);
  buffer[at.format] = RECORD_FORMAT;
  buffer[at.kind] = header.isEpoch ? RECORD_KIND.epoch : RECORD_KIND.batch;
  buffer.writeUInt32BE(end + CHECKSUM_BYTES, at.length);
  buffer.writeUInt32BE(header.partition, at.partition);
  buffer.writeUInt32BE(Math.floor(header.position / 2 ** 32), at.positionHigh);
  buffer.writeUInt32BE(header.position % 2 ** 32, at.positionLow);
  buffer.writeUInt32BE(header.epoch, at.epoch);
  buffer.set(header.batchId, at.batchId);
  buffer.writeUInt32BE(entryCount, at.entryCount);
  buffer.writeUInt32BE(crc32(buffer.subarray(0, end)), end);
  return buffer.subarray(0, end + CHECKSUM_BYTES);
}

function assertRecordBytes(length: number): void {
  if (length > RECORD_MAX_BYTES) {
    throw new RangeError(`a record of ${length} bytes is larger than ${RECORD_MAX_BYTES}`);
  }
}

function assertHeader({ partition, position, epoch, batchId }: RecordHeader): void {
  assertWithin('partition', partition, 0, MAX_PARTITION);
  assertWithin('position', position, 1, MAX_POSITION);
  assertWithin('epoch', epoch, 0, MAX_EPOCH);
  if (batchId.length !== BATCH_ID_BYTES) {
    throw new RangeError(`batch id has ${batchId.length} bytes, not ${BATCH_ID_BYTES}`);
  }
}

function assertWithin(field: string, value: number, min: number, max: number): void {
  if (!(Number.isInteger(value) && value >= min && value <= max)) {
    throw new RangeError(`${field} ${value} is not an integer from ${min} to ${max}`);
  }
}
