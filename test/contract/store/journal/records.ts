import type { Journal, JournalRecord, ReadRange, StoredRecord } from '#libs/store/journal/journal.ts';
import { encodeRecord } from '#libs/store/journal/record-writer.ts';

/** What a test says of a record; the rest is made up. */
export interface TestRecord {
  readonly partition: number;
  readonly position: number;
  /** Tells the record from others at its key: its batch id is made of it. */
  readonly batch?: number;
  readonly epoch?: number;
  readonly isEpoch?: boolean;
  readonly entries?: readonly Uint8Array[];
}

/** A record as an owner would write it. */
export function makeRecord({
  partition,
  position,
  batch = position,
  epoch = 1,
  isEpoch = false,
  entries = [Buffer.from(`entry ${position}`)],
}: TestRecord): JournalRecord {
  const batchId = batchIdOf(batch);
  return {
    partition,
    position,
    batchId,
    bytes: encodeRecord({ partition, position, epoch, isEpoch, batchId, entries }),
  };
}

/** Sixteen bytes made of a number. */
export function batchIdOf(batch: number): Uint8Array {
  const id = Buffer.alloc(16);
  id.writeDoubleBE(batch, 8);
  return id;
}

/** Appends records at the first positions of a partition, one after the other. */
export async function appendRow(journal: Journal, partition: number, count: number): Promise<void> {
  for (let position = 1; position <= count; position += 1) {
    const [outcome] = await journal.append([makeRecord({ partition, position })]);
    if (outcome !== 'committed') throw new Error(`position ${position} is ${outcome}`);
  }
}

/** What is in a partition, as plain values that compare well. */
export async function dump(
  journal: Journal,
  partition: number,
  range: ReadRange = { from: 1 },
  signal: AbortSignal = new AbortController().signal,
): Promise<DumpedRecord[]> {
  const records: DumpedRecord[] = [];
  for await (const record of journal.read(partition, range, signal)) {
    records.push(dumpedFrom(record));
  }
  return records;
}

/** A record in plain values. */
export interface DumpedRecord {
  readonly partition: number;
  readonly position: number;
  readonly epoch: number;
  readonly isEpoch: boolean;
  readonly batchId: string;
  readonly entries: readonly string[];
}

function dumpedFrom({ partition, position, epoch, isEpoch, batchId, entries }: StoredRecord): DumpedRecord {
  return { partition, position, epoch, isEpoch, batchId: hex(batchId), entries: entries.map(hex) };
}

/** The positions of a dump. */
export function positionsOf(records: readonly { readonly position: number }[]): number[] {
  return records.map(({ position }) => position);
}

/** Bytes as text. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
