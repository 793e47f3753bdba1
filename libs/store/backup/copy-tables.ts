import { DomainError } from '#libs/errors/domain-error.ts';
import { BLOB_KINDS } from '../blobs/blob-key.ts';
import type { BlobInfo, Blobs } from '../blobs/blobs.ts';
import type { Journal } from '../journal/journal.ts';
import { encodeRecord } from '../journal/record-writer.ts';
import type { ScannedRows, ScannedTable, TableScan } from '../tables/scan.ts';
import type { BackupBlob, PartitionCut } from './backup.ts';
import { FRAME, type FrameWriter } from './frame-format.ts';
import { packRow } from './pack-rows.ts';

/** A frame, and whether it is the one that its row, record or blob is counted by. */
export interface CopiedFrame {
  readonly frame: Uint8Array;
  readonly isOne: boolean;
}

/** Blobs of a page. */
const PAGE_BLOBS = 100;

/** Copies a table. */
export async function* copyTable(
  writer: FrameWriter,
  scan: TableScan,
  table: ScannedTable,
  signal: AbortSignal,
): AsyncGenerator<CopiedFrame, void> {
  let after: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await scan.scanRows(table, after);
    for (const row of page.rows) {
      yield copyRow(writer, table, row);
    }
    after = page.next;
  } while (after !== undefined);
}

/** Copies one row. */
export function copyRow<T extends ScannedTable>(writer: FrameWriter, table: T, row: ScannedRows[T]): CopiedFrame {
  const { fields, body } = packRow(table, row);
  return { frame: writer.frame(FRAME.row, { table, fields }, body), isOne: true };
}

/**
 * Copies the records of a partition after its checkpoint up to the cut, and the epoch records before it.
 *
 * @throws DATA_CORRUPTION when one is missing: a hold keeps them all.
 */
export async function* copyRecords(
  writer: FrameWriter,
  journal: Journal,
  { partition, checkpoint, end }: PartitionCut,
  signal: AbortSignal,
): AsyncGenerator<CopiedFrame, void> {
  let expected = checkpoint + 1;
  for await (const record of journal.read(partition, { from: 1, to: end }, signal)) {
    const { position, isEpoch } = record;
    if (position <= checkpoint && !isEpoch) {
      continue;
    }
    if (position > checkpoint) {
      assertNext(partition, expected, position);
      expected = position + 1;
    }
    yield { frame: writer.frame(FRAME.record, { partition, position, isEpoch }, encodeRecord(record)), isOne: true };
  }
  assertNext(partition, expected, end + 1);
}

function assertNext(partition: number, expected: number, found: number): void {
  if (expected !== found) {
    throw new DomainError('DATA_CORRUPTION', `the journal of partition ${partition} lacks the record ${expected}`, {
      metadata: { partition: String(partition), position: String(expected) },
    });
  }
}

/** Copies the blobs that were put at a time or after it. */
export async function* copyBlobs(
  writer: FrameWriter,
  blobs: Blobs,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<CopiedFrame, void> {
  for (const kind of BLOB_KINDS) {
    let token: string | undefined;
    do {
      signal.throwIfAborted();
      const page = await blobs.listFrom(kind, from, { limit: PAGE_BLOBS, ...(token === undefined ? {} : { token }) });
      for (const info of page.rows) {
        yield* copyBlob(writer, blobs, info, signal);
      }
      token = page.nextToken;
    } while (token !== undefined);
  }
}

async function* copyBlob(
  writer: FrameWriter,
  blobs: Blobs,
  info: BlobInfo,
  signal: AbortSignal,
): AsyncGenerator<CopiedFrame, void> {
  const { key, createTime } = info;
  const bytes = await blobs.get(key, signal);
  if (bytes === undefined) {
    return;
  }
  yield { frame: writer.frame(FRAME.blob, { key, createTime } satisfies BackupBlob), isOne: false };
  try {
    for await (const chunk of bytes) {
      yield { frame: writer.frame(FRAME.chunk, {}, chunk), isOne: false };
    }
  } catch (error) {
    if (!(await isGone(blobs, info, error))) {
      throw error;
    }
    yield { frame: writer.frame(FRAME.blobVoid, {}), isOne: false };
    return;
  }
  yield { frame: writer.frame(FRAME.blobEnd, {}), isOne: true };
}

/** Whether a blob could not be read because it was deleted or replaced meanwhile. One that was replaced is listed again. */
async function isGone(blobs: Blobs, { key, putId }: BlobInfo, error: unknown): Promise<boolean> {
  return error instanceof DomainError && error.reason === 'UNAVAILABLE' && (await blobs.stat(key))?.putId !== putId;
}
