import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * How a backup looks. All numbers are big-endian.
 *
 * ```
 * 0  magic     "MLRB"
 * 4  version   1 byte: 1
 * 5  zeros     3 bytes
 * 8  frames
 * ```
 *
 * A frame:
 *
 * ```
 * 0  kind      1 byte
 * 1  length    4 bytes: of the text and the bytes with the length before them
 * 5  text      its length in 4 bytes, then JSON
 *    bytes     what remains: a body, a record, a chunk
 *    checksum  4 bytes: CRC-32 of everything before it in the frame
 * ```
 *
 * The first frame is the header, the last one the end, which counts the others and has the SHA-256 of every byte before
 * it. So a backup that was cut is told from a whole one, wherever it was cut.
 */
export const BACKUP_MAGIC: Uint8Array = Buffer.from('MLRB');

/** The version that is written, and the newest that is read. */
export const BACKUP_VERSION = 1;

/** Bytes before the first frame. */
export const PREAMBLE_BYTES = 8;
/** Bytes of a frame before its text. */
export const FRAME_HEAD_BYTES = 9;
/** Bytes of a checksum. */
export const CHECKSUM_BYTES = 4;
/** No frame is larger: a record has at most 13 MiB, a row 12 and some. */
export const MAX_FRAME_BYTES: number = 16 * 1024 * 1024;

/** The kinds of frames. Numbers are never used again. */
export const FRAME = {
  /** What the backup is of. */
  header: 1,
  /** What follows, for people. */
  phase: 2,
  /** A row of a table; its body is the bytes. */
  row: 3,
  /** A record of the journal. */
  record: 4,
  /** Where the journal of each partition was cut. */
  cut: 5,
  /** A blob begins. */
  blob: 6,
  /** Bytes of the blob. */
  chunk: 7,
  /** The blob is whole. */
  blobEnd: 8,
  /** The blob was deleted while it was copied: it is none. */
  blobVoid: 9,
  /** The backup is whole. */
  end: 10,
} as const;

/** A kind of frame. */
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/** A frame as it was read. */
export interface Frame {
  readonly kind: FrameKind;
  readonly text: unknown;
  /** Good until the next frame is asked for. */
  readonly bytes: Uint8Array;
}

/** Writes frames and keeps count of them. */
export interface FrameWriter {
  readonly bytesDone: number;
  preamble(): Uint8Array;
  frame(kind: FrameKind, text: unknown, bytes?: Uint8Array): Uint8Array;
  /** The last frame. */
  end(): Uint8Array;
}

/** Makes the writer of one backup. */
export function createFrameWriter(): FrameWriter {
  const hash = createHash('sha256');
  let bytesDone = 0;
  let frames = 0;

  function written(bytes: Uint8Array): Uint8Array {
    hash.update(bytes);
    bytesDone += bytes.length;
    return bytes;
  }

  return {
    get bytesDone() {
      return bytesDone;
    },
    preamble: () => written(Buffer.concat([BACKUP_MAGIC, Buffer.of(BACKUP_VERSION, 0, 0, 0)])),
    frame(kind, text, bytes) {
      frames += 1;
      return written(encodeFrame(kind, text, bytes));
    },
    end() {
      const size = bytesDone;
      return written(encodeFrame(FRAME.end, { frames, size, sha256: hash.copy().digest('hex') }));
    },
  };
}

function encodeFrame(kind: FrameKind, text: unknown, bytes: Uint8Array = new Uint8Array()): Uint8Array {
  const json = Buffer.from(JSON.stringify(text));
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + json.length + bytes.length + CHECKSUM_BYTES);
  frame.writeUInt8(kind, 0);
  frame.writeUInt32BE(4 + json.length + bytes.length, 1);
  frame.writeUInt32BE(json.length, 5);
  frame.set(json, FRAME_HEAD_BYTES);
  frame.set(bytes, FRAME_HEAD_BYTES + json.length);
  const end = frame.length - CHECKSUM_BYTES;
  frame.writeUInt32BE(crc32(frame.subarray(0, end)), end);
  return frame;
}
