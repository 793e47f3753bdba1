import { chunksOf } from '../blobs/chunk-bytes.ts';
import type { BackupCut, BackupHeader, BackupProgress, BackupSource } from './backup.ts';
import { copyBlobs, copyRecords, copyRow, copyTable } from './copy-tables.ts';
import { cutJournal, readCheckpoints, readEnds } from './cut-journal.ts';
import { createFrameWriter, FRAME } from './frame-format.ts';
import { OWNED_TABLES, REGISTRY_TABLES, STATE_TABLES } from './pack-rows.ts';

/** How a backup is written. */
export interface BackupOptions {
  /** The release that writes it. */
  readonly version: string;
  readonly signal: AbortSignal;
  /** The time in milliseconds since 1970. */
  readonly now: number;
  /** A name that the header repeats. Empty by default. */
  readonly label?: string;
  /** Bytes of each chunk but the last. 262 144 by default. */
  readonly chunkBytes?: number;
  /** Hears how far it is, before every chunk. */
  readonly onProgress?: (progress: BackupProgress) => void;
  /**
   * The last position of every partition at one moment, from whoever can hold all of them for that moment. By default
   * the journal is asked until two answers in a row are equal; while commits never pause, there is no such moment, and
   * the header of the cut says so.
   */
  readonly readEnds?: (signal: AbortSignal) => Promise<readonly number[]>;
}

const DEFAULT_CHUNK_BYTES = 256 * 1024;
/** Clocks of two nodes, and a put whose time is that of its beginning. */
const BLOB_MARGIN_MS = 24 * 60 * 60 * 1000;

/**
 * Streams a copy of everything that a store keeps, while the store is used. Each chunk may be kept. Disposing the
 * iterator or aborting ends it; a stream without its last frame is no backup.
 *
 * ## Why the copy is a state that existed
 *
 * The journal is the truth: the state of a partition at position E is what recovery makes of a checkpoint, of rows that
 * show the checkpoint's position or a later one, and of the records after the checkpoint up to E. That is what a crash
 * leaves behind, when a round has written rows but not its checkpoint yet, and so it is nothing new to recovery. So:
 *
 * 1. **Blobs**, the bulk of them, before anything is held. What is put later is copied in step 7.
 * 2. A **hold** on trimming: from here on no record goes that lies after the checkpoints of step 3.
 * 3. **Checkpoints**, C of each partition. They come before the tables: a row that is read later may be newer than C,
 *    never older. Checkpoints read after the tables could be newer than a row that was read before.
 * 4. **Tables** of the owners, page by page. A row shows C or later; a row that was deleted or moved meanwhile, and so is
 *    missing or there twice, was written by a round, whose records lie after C and are replayed.
 * 5. **Ends**, E of each partition, after the tables: rows only ever show durable records, so no row is newer than E.
 * 6. **Journal** from C + 1 to E, and all epoch records before it: they keep sleepers out. Then the hold ends.
 * 7. **Tables outside runs**, after E: whatever a run up to E names (its definition, its tenant) was written before the
 *    run's record was. Then **blobs** again, those put since the beginning: a payload is written before the record that
 *    names it. A run that is deleted between steps 5 and 7 may lack payloads; its deletion was under way.
 *
 * Between partitions, messages make an order: if the target's record of a message is in the copy, the source's must be.
 * That holds when all ends are of one moment, see `readEnds`.
 *
 * @throws UNAVAILABLE when the hold was lost, DATA_CORRUPTION for a blob or a record that is damaged.
 */
export async function* streamBackup(source: BackupSource, options: BackupOptions): AsyncGenerator<Uint8Array, void> {
  const frames = frameStream(source, options);
  for await (const chunk of chunksOf(frames, options.chunkBytes ?? DEFAULT_CHUNK_BYTES, options.signal)) {
    // Chunks share a buffer, and a transport may keep what it is given.
    yield Uint8Array.from(chunk);
  }
}

async function* frameStream(source: BackupSource, options: BackupOptions): AsyncGenerator<Uint8Array, void> {
  const { store, parts } = source;
  const { signal, now } = options;
  const writer = createFrameWriter();
  const counts = { rows: 0, records: 0, blobs: 0 };
  let phase = '';

  function* enter(name: string): Generator<Uint8Array, void> {
    phase = name;
    yield writer.frame(FRAME.phase, { name });
    report();
  }
  function report(): void {
    options.onProgress?.({ phase, bytesDone: writer.bytesDone, ...counts });
  }
  async function* counted(
    count: keyof typeof counts,
    frames: AsyncGenerator<{ readonly frame: Uint8Array; readonly isOne: boolean }, void>,
  ): AsyncGenerator<Uint8Array, void> {
    for await (const { frame, isOne } of frames) {
      signal.throwIfAborted();
      counts[count] += isOne ? 1 : 0;
      yield frame;
      report();
    }
  }

  yield writer.preamble();
  yield writer.frame(FRAME.header, headerOf(source, options));
  yield* enter('blobs');
  yield* counted('blobs', copyBlobs(writer, store.blobs, Number.MIN_SAFE_INTEGER, signal));

  if (source.service === 'state') {
    const { journal, tables } = source.store;
    await using hold = await parts.holds.hold(signal);
    const held = AbortSignal.any([signal, hold.lost]);
    yield* enter('tables');
    const checkpoints = await readCheckpoints(tables, store.meta.partitions);
    for (const table of OWNED_TABLES) {
      yield* counted('rows', copyTable(writer, parts.scan, table, held));
    }
    const ends = await readEnds(journal, store.meta.partitions, options.readEnds, held);
    const cut: BackupCut = cutJournal(checkpoints, ends);
    yield* enter('journal');
    yield writer.frame(FRAME.cut, cut);
    for (const partition of cut.partitions) {
      yield* counted('records', copyRecords(writer, journal, partition, held));
    }
    for (const row of checkpoints.values()) {
      yield copyRow(writer, 'checkpoints', row).frame;
      counts.rows += 1;
    }
    held.throwIfAborted();
  }
  yield* enter('shared tables');
  for (const table of source.service === 'state' ? STATE_TABLES : REGISTRY_TABLES) {
    yield* counted('rows', copyTable(writer, parts.scan, table, signal));
  }
  yield* enter('new blobs');
  yield* counted('blobs', copyBlobs(writer, store.blobs, now - BLOB_MARGIN_MS, signal));
  yield writer.end();
  phase = 'done';
  report();
}

function headerOf({ service, store }: BackupSource, { version, label = '', now }: BackupOptions): BackupHeader {
  return { service, version, label, time: now, meta: store.meta };
}
