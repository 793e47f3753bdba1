import { createHash } from 'node:crypto';

/** Bytes of every value that differ by seed and do not repeat with any chunk. */
export function pattern(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index += 1) bytes[index] = (index + seed + (index >> 8) * 7) & 0xff;
  return bytes;
}

/** Yields bytes in parts of a size. */
export async function* sourceOf(bytes: Uint8Array, partBytes = 65_536): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += partBytes) yield bytes.subarray(offset, offset + partBytes);
}

/** Yields many bytes without ever having them all. */
export async function* bytesOf(size: number, partBytes = 100_000): AsyncGenerator<Uint8Array> {
  const part = pattern(partBytes, 5);
  for (let left = size; left > 0; left -= partBytes) yield left < partBytes ? part.subarray(0, left) : part;
}

/** Reads a stream to its end. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  // A copy: a part is good until the next one only.
  for await (const part of stream) parts.push(Uint8Array.from(part));
  return new Uint8Array(Buffer.concat(parts));
}

/** SHA-256 in hex. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
