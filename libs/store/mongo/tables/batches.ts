import type { Document } from 'mongodb';

/** Documents of one command. The server holds other writers up while it works on many. */
const MAX_DOCUMENTS = 1_000;
/** Bytes of one command: with the largest document beyond it still far from a message's 48 MB. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Names of fields, numbers and the statement around a document, about. */
const DOCUMENT_BYTES = 512;

/** Splits documents, with what goes along, into parts that each fit one command. */
export function splitIntoBatches<T>(entries: readonly T[], documentOf: (entry: T) => Document): T[][] {
  const batches: T[][] = [];
  let batch: T[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = sizeOf(documentOf(entry));
    if (batch.length === 0 || batch.length === MAX_DOCUMENTS || bytes + size > MAX_BYTES) {
      batch = [];
      batches.push(batch);
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  return batches;
}

function sizeOf(document: Document): number {
  let bytes = DOCUMENT_BYTES;
  for (const value of Object.values(document)) {
    bytes += sizeOfValue(value);
  }
  return bytes;
}

function sizeOfValue(value: unknown): number {
  if (typeof value === 'string') {
    return value.length * 3;
  }
  if (value instanceof Uint8Array) {
    return value.byteLength;
  }
  return Array.isArray(value) ? value.reduce<number>((sum, part) => sum + sizeOfValue(part), 0) : 0;
}
