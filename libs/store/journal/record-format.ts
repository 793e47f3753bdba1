/**
 * How a record looks in the store. All numbers are big-endian.
 *
 * ```
 *  0  magic          "MLRJ"
 *  4  format         1 byte: 1
 *  5  kind           1 byte: 1 = batch, 2 = epoch
 *  6  length         4 bytes: of the whole record
 * 10  partition      4 bytes
 * 14  position       8 bytes
 * 22  epoch          4 bytes
 * 26  batch id      16 bytes
 * 42  entry count    4 bytes
 * 46  entries        each its length as a varint, then its bytes
 *     checksum       4 bytes: CRC-32 of everything before it
 * ```
 *
 * Magic and format come first and stay where they are in every later format, so that an older program can say that a
 * record is too new for it.
 */
export const RECORD_LAYOUT = {
  magic: 0,
  format: 4,
  kind: 5,
  length: 6,
  partition: 10,
  positionHigh: 14,
  positionLow: 18,
  epoch: 22,
  batchId: 26,
  entryCount: 42,
  entries: 46,
} as const;

/** "MLRJ" */
export const RECORD_MAGIC = 0x4d4c524a;

/** The format that is written, and the newest that is read. */
export const RECORD_FORMAT = 1;

/** What a record is: the packed entries of a batch, or the mark of a new owner. */
export const RECORD_KIND = { batch: 1, epoch: 2 } as const;

/** Bytes of a batch id. */
export const BATCH_ID_BYTES = 16;

/** Bytes of the checksum at the end. */
export const CHECKSUM_BYTES = 4;

/** Bytes of a record without entries. */
export const EMPTY_RECORD_BYTES: number = RECORD_LAYOUT.entries + CHECKSUM_BYTES;

/**
 * The owner closes a record here and opens the next one: large enough for a busy commit, small enough that 16
 * partitions of it are made durable in well under a second. [journal.md 2]
 */
export const RECORD_CLOSE_BYTES: number = 4 * 1024 * 1024;

/**
 * No record is larger. The events of one command are never split and may be 8 MiB, on top of a record that is not closed
 * yet; what is left below MongoDB's limit of 16 MiB a document is room for the frame. [journal.md 2]
 */
export const RECORD_MAX_BYTES: number = 13 * 1024 * 1024;

/** The highest partition: there are never more partitions than slots. */
export const MAX_PARTITION = 1023;

/**
 * The highest position. Partition and position together fit the 53 bits of a number; at a thousand commits a second it
 * lasts for 278 years.
 */
export const MAX_POSITION: number = 2 ** 43 - 1;

/** The highest epoch: 24 bits in a fence. [journal.md 20] */
export const MAX_EPOCH: number = 2 ** 24 - 1;

/** Whether a record that `encodeRecord` made is an epoch record, by its header alone. */
export function isEpochRecord(bytes: Uint8Array): boolean {
  return bytes[RECORD_LAYOUT.kind] === RECORD_KIND.epoch;
}
