import { type ByteWriter, createByteWriter } from '#libs/engine/log/byte-writer.ts';

/** Memory that bodies of rows share: some dozens of runs that are small, so that few pieces of memory are made a round. */
const SLAB_BYTES: number = 64 * 1024;
/** What is left of a slab when the next one is begun: a body of a run that is small. */
const MIN_ROOM_BYTES = 4 * 1024;

let slab = createByteWriter(SLAB_BYTES);

/**
 * The bytes that a function writes. They share memory with those that were packed before and after, and are never written
 * again: they are for rows, which soon are in a table, not for what is kept.
 */
export function packBody(write: (writer: ByteWriter) => void): Uint8Array {
  if (slab.length > SLAB_BYTES - MIN_ROOM_BYTES) slab = createByteWriter(SLAB_BYTES);
  const start = slab.length;
  write(slab);
  return slab.bytes.subarray(start, slab.length);
}
