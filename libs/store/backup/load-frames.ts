import { DomainError } from '#libs/errors/domain-error.ts';
import { decodeRecord } from '../journal/decode-record.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import type { CheckpointRow } from '../tables/checkpoints.ts';
import type { PartitionLeaseRow } from '../tables/leases.ts';
import type { OwnedTable, RowWrite } from '../tables/row-writer.ts';
import type { BackupBlob, BackupProgress } from './backup.ts';
import { FRAME, type Frame } from './frame-format.ts';
import { isOwned, loadRegistryRow, loadStateRow, type PackedRow, writeFromRow } from './pack-rows.ts';
import type { RestoreTarget } from './restore-target.ts';

/** Writes of a round, and records of an append. */
const MAX_BATCH = 200;
/** A round or an append ends with what goes over this. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/** Rows show a position below every record's: whatever recovery writes is newer. */
const STAMP = { position: 0, time: 0 } as const;

/** How frames are loaded. */
export interface LoadOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: BackupProgress) => void;
}

/** Writes everything that a backup holds into a store. */
export async function loadFrames(
  frames: AsyncGenerator<Frame, void>,
  target: RestoreTarget,
  partitions: number,
  { signal, onProgress }: LoadOptions,
): Promise<void> {
  const counts = { rows: 0, records: 0, blobs: 0 };
  const batch = createBatch(target, signal);
  const epochs = createEpochs();
  let phase = '';
  let bytesDone = 0;
  for await (const { kind, text, bytes } of frames) {
    signal.throwIfAborted();
    bytesDone += bytes.length;
    switch (kind) {
      case FRAME.phase:
        phase = (text as { name: string }).name;
        break;
      case FRAME.row: {
        const row: PackedRow = { ...(text as Omit<PackedRow, 'body'>), body: bytes };
        counts.rows += 1;
        epochs.noteRow(row);
        // Leases are written last, with their new epochs.
        if (row.table !== 'leases') {
          await batch.addRow(row);
        }
        break;
      }
      case FRAME.record: {
        const { partition, position } = text as { partition: number; position: number };
        // The batch outlives the frame.
        const record = Uint8Array.from(bytes);
        const { batchId, epoch } = decodeRecord({ partition, position }, record);
        counts.records += 1;
        epochs.note(partition, epoch);
        await batch.addRecord({ partition, position, bytes: record, batchId });
        break;
      }
      case FRAME.blob:
        counts.blobs += (await loadBlob(frames, target, text as BackupBlob, signal)) ? 1 : 0;
        break;
      default:
    }
    onProgress?.({ phase: `restoring ${phase}`, bytesDone, ...counts });
  }
  await batch.flush();
  if (target.service === 'state') {
    for (let partition = 0; partition < partitions; partition += 1) {
      const epoch = epochs.next(partition);
      if (epoch !== undefined) {
        const checkpoint = await target.tables.readCheckpoint(partition);
        await target.journal.writeEpoch(partition, epoch, signal, checkpoint?.position);
        await target.tables.leases.insert({ partition, nodeId: '', epoch, body: epochs.leaseBody(partition) });
      }
    }
  }
}

/** Puts a blob from the frames that follow. Answers whether it is one. */
async function loadBlob(
  frames: AsyncGenerator<Frame, void>,
  { blobs }: RestoreTarget,
  { key, createTime }: BackupBlob,
  signal: AbortSignal,
): Promise<boolean> {
  let isVoid = false;
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const { done, value } = await frames.next();
      if (done === true) {
        throw new DomainError('DATA_CORRUPTION', 'the backup ends within a blob');
      }
      if (value.kind === FRAME.blobEnd) {
        return;
      }
      if (value.kind !== FRAME.chunk) {
        isVoid = value.kind === FRAME.blobVoid;
        throw new DomainError('DATA_CORRUPTION', 'the backup has a blob without its end');
      }
      yield value.bytes;
    }
  }
  try {
    await blobs.put(key, chunks(), { maxBytes: Number.MAX_SAFE_INTEGER, signal, now: createTime });
    return true;
  } catch (error) {
    if (isVoid) {
      return false;
    }
    throw error;
  }
}

interface Batch {
  addRow(row: PackedRow): Promise<void>;
  addRecord(record: JournalRecord): Promise<void>;
  flush(): Promise<void>;
}

function createBatch(target: RestoreTarget, signal: AbortSignal): Batch {
  let writes: RowWrite[] = [];
  let records: JournalRecord[] = [];
  let bytes = 0;

  async function flush(): Promise<void> {
    if (target.service === 'state') {
      if (writes.length > 0) {
        await target.tables.writeRows(STAMP, writes, signal);
      }
      await appendAll(target.journal, records, signal);
    }
    writes = [];
    records = [];
    bytes = 0;
  }

  async function flushIfFull(added: number): Promise<void> {
    bytes += added;
    if (writes.length + records.length >= MAX_BATCH || bytes >= MAX_BATCH_BYTES) {
      await flush();
    }
  }

  return {
    async addRow(row) {
      if (target.service === 'registry') {
        await loadRegistryRow(target.tables, row);
      } else if (isOwned(row.table)) {
        writes.push(writeFromRow(row as PackedRow & { readonly table: OwnedTable }));
        await flushIfFull(row.body.length);
      } else {
        await loadStateRow(target.tables, row);
      }
    },
    async addRecord(record) {
      records.push(record);
      await flushIfFull(record.bytes.length);
    },
    flush,
  };
}

async function appendAll(journal: Journal, records: readonly JournalRecord[], signal: AbortSignal): Promise<void> {
  const outcomes = await journal.append(records);
  for (const [index, record] of records.entries()) {
    if (outcomes[index] !== 'committed' && (await journal.settle(record, signal)) === 'lost') {
      throw new DomainError('UNAVAILABLE', 'somebody else writes to the store that is restored');
    }
  }
}

/** Finds out which epoch each partition goes on with. */
interface Epochs {
  noteRow(row: PackedRow): void;
  note(partition: number, epoch: number): void;
  /** Undefined for a partition that was never used. */
  next(partition: number): number | undefined;
  leaseBody(partition: number): Uint8Array;
}

function createEpochs(): Epochs {
  const highest = new Map<number, number>();
  const bodies = new Map<number, Uint8Array>();
  const note = (partition: number, epoch: number): void =>
    void highest.set(partition, Math.max(highest.get(partition) ?? 0, epoch));
  return {
    note,
    noteRow({ table, fields, body }) {
      if (table === 'leases' || table === 'checkpoints') {
        const { partition, epoch } = fields as unknown as PartitionLeaseRow | CheckpointRow;
        note(partition, epoch);
        if (table === 'leases') {
          bodies.set(partition, Uint8Array.from(body));
        }
      }
    },
    next(partition) {
      const epoch = highest.get(partition);
      return epoch === undefined ? undefined : epoch + 1;
    },
    leaseBody: (partition) => bodies.get(partition) ?? new Uint8Array(),
  };
}
