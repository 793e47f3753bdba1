import { crc32 } from 'node:zlib';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { RecordKey, StoredRecord } from './journal.ts';
import {
  BATCH_ID_BYTES,
  CHECKSUM_BYTES,
  EMPTY_RECORD_BYTES,
  MAX_EPOCH,
  RECORD_FORMAT,
  RECORD_KIND,
  RECORD_LAYOUT,
  RECORD_MAGIC,
} from './record-format.ts';

/** A varint of more bytes would be longer than any record. */
const MAX_VARINT_BYTES = 4;

/**
 * Reads a record that stands at a key. Entries and batch id are views of `bytes`, nothing is copied.
 *
 * @throws DATA_CORRUPTION, naming partition, position and what is wrong, unless the bytes are exactly a record that was
 * written for this key in a format that this program knows.
 */
export function decodeRecord(key: RecordKey, bytes: Uint8Array): StoredRecord {
  const at = RECORD_LAYOUT;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assertFrame(key, buffer);
  const partition = buffer.readUInt32BE(at.partition);
  const position = buffer.readUInt32BE(at.positionHigh) * 2 ** 32 + buffer.readUInt32BE(at.positionLow);
  if (partition !== key.partition || position !== key.position) {
    throw corrupt(key, 'WRONG_KEY', `it was written for partition ${partition}, position ${position}`);
  }
  const kind = buffer[at.kind];
  if (kind !== RECORD_KIND.batch && kind !== RECORD_KIND.epoch) {
    throw corrupt(key, 'UNKNOWN_KIND', `its kind is ${kind}, which this program does not know`);
  }
  const epoch = buffer.readUInt32BE(at.epoch);
  if (epoch > MAX_EPOCH) {
    throw corrupt(key, 'BAD_EPOCH', `its epoch ${epoch} is above ${MAX_EPOCH}`);
  }
  return {
    partition,
    position,
    isEpoch: kind === RECORD_KIND.epoch,
    epoch,
    batchId: buffer.subarray(at.batchId, at.batchId + BATCH_ID_BYTES),
    entries: readEntries(key, buffer),
  };
}

/** Checks what can be checked before a field is believed: magic, format, length and checksum, in that order. */
function assertFrame(key: RecordKey, buffer: Buffer): void {
  const at = RECORD_LAYOUT;
  if (buffer.length > at.format && buffer.readUInt32BE(at.magic) !== RECORD_MAGIC) {
    throw corrupt(key, 'FOREIGN', 'it does not begin as a record does');
  }
  const format = buffer[at.format];
  if (format !== undefined && format !== RECORD_FORMAT) {
    throw corrupt(key, 'UNKNOWN_FORMAT', `its format is ${format}, this program reads ${RECORD_FORMAT}`);
  }
  if (buffer.length < EMPTY_RECORD_BYTES) {
    throw corrupt(key, 'TRUNCATED', `it has ${buffer.length} bytes, a record has at least ${EMPTY_RECORD_BYTES}`);
  }
  const length = buffer.readUInt32BE(at.length);
  if (length !== buffer.length) {
    const problem = length > buffer.length ? 'TRUNCATED' : 'TRAILING_BYTES';
    throw corrupt(key, problem, `it has ${buffer.length} bytes and says that it has ${length}`);
  }
  const end = length - CHECKSUM_BYTES;
  if (crc32(buffer.subarray(0, end)) !== buffer.readUInt32BE(end)) {
    throw corrupt(key, 'BAD_CHECKSUM', 'its checksum does not match');
  }
}

function readEntries(key: RecordKey, buffer: Buffer): readonly Uint8Array[] {
  const count = buffer.readUInt32BE(RECORD_LAYOUT.entryCount);
  const end = buffer.length - CHECKSUM_BYTES;
  const entries: Uint8Array[] = [];
  let offset: number = RECORD_LAYOUT.entries;
  for (let i = 0; i < count; i += 1) {
    let length = 0;
    let byte = 0x80;
    for (let n = 0; byte >= 0x80; n += 1) {
      if (n === MAX_VARINT_BYTES || offset >= end) {
        throw corrupt(key, 'BAD_ENTRY', `entry ${i + 1} of ${count} has no length`);
      }
      byte = buffer[offset++] ?? 0;
      length |= (byte & 0x7f) << (7 * n);
    }
    if (length > end - offset) {
      throw corrupt(key, 'BAD_ENTRY', `entry ${i + 1} of ${count} goes beyond the end`);
    }
    entries.push(buffer.subarray(offset, offset + length));
    offset += length;
  }
  if (offset !== end) {
    throw corrupt(key, 'TRAILING_BYTES', `${end - offset} bytes follow its last entry`);
  }
  return entries;
}

function corrupt({ partition, position }: RecordKey, problem: string, what: string): DomainError {
  return new DomainError(
    'DATA_CORRUPTION',
    `the record at partition ${partition}, position ${position} is damaged: ${what}`,
    { metadata: { partition: String(partition), position: String(position), problem } },
  );
}
