import { DomainError } from '#libs/errors/domain-error.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { MAX_ERA, STORE_FORMAT } from '../opening/meta-row.ts';
import type { BackupCut, BackupHeader, BackupProgress } from './backup.ts';
import { FRAME } from './frame-format.ts';
import { loadFrames } from './load-frames.ts';
import { readFrames } from './read-frames.ts';
import type { RestorePlan, RestoreTarget } from './restore-target.ts';

/** What is known of a whole backup. */
export interface BackupSummary {
  readonly header: BackupHeader;
  /** Absent for a registry, which has no journal. */
  readonly cut: BackupCut | undefined;
  readonly rows: number;
  readonly records: number;
  readonly blobs: number;
  readonly bytes: number;
}

/** How a restore goes. */
export interface RestoreOptions {
  readonly signal: AbortSignal;
  /**
   * The era of the restored store. By default one more than the backup's; a backup that is restored a second time, after
   * a store that came from it was used, needs a higher one, because fences of that store are still about. At most 127.
   */
  readonly era?: number;
  readonly onProgress?: (progress: BackupProgress) => void;
}

/**
 * Reads a backup to its end and answers what it holds. Changes nothing.
 *
 * @throws DATA_CORRUPTION or StartError for what is not a whole backup that this program can restore.
 */
export async function verifyBackup(source: AsyncIterable<Uint8Array>, options: RestoreOptions): Promise<BackupSummary> {
  const counts = { rows: 0, records: 0, blobs: 0 };
  let header: BackupHeader | undefined;
  let cut: BackupCut | undefined;
  let bytes = 0;
  for await (const { kind, text, bytes: part } of readFrames(source)) {
    options.signal.throwIfAborted();
    if (header === undefined) {
      header = parseHeader(kind, text);
    }
    counts.rows += kind === FRAME.row ? 1 : 0;
    counts.records += kind === FRAME.record ? 1 : 0;
    counts.blobs += kind === FRAME.blobEnd ? 1 : 0;
    cut = kind === FRAME.cut ? (text as BackupCut) : cut;
    bytes = kind === FRAME.end ? (text as { size: number }).size : bytes + part.length;
    options.onProgress?.({ phase: 'checking', bytesDone: bytes, ...counts });
  }
  if (header === undefined) {
    throw new DomainError('DATA_CORRUPTION', 'the backup has no header');
  }
  return { header, cut, ...counts, bytes };
}

function parseHeader(kind: number, text: unknown): BackupHeader {
  const header = text as BackupHeader;
  if (kind !== FRAME.header) {
    throw new DomainError('DATA_CORRUPTION', 'the backup has no header');
  }
  if (header.meta.minReader > STORE_FORMAT) {
    throw new StartError(
      `the backup needs a program that reads format ${header.meta.minReader}, this one reads up to ${STORE_FORMAT}: use a newer release`,
    );
  }
  return header;
}

/**
 * Restores a backup into an empty store that nobody has open. Everything is checked before anything is written; what is
 * interrupted leaves a store that cannot be opened but be restored into again. The new store's era is higher than the
 * backup's, and each of its partitions ends with an epoch record, so that nothing that is left of the old store's owners
 * and workers is taken for the new one's.
 *
 * @param open reads the backup from its beginning; it is read twice.
 * @param openTarget makes the store that is filled.
 * @throws DATA_CORRUPTION or StartError for a backup that is not whole, StartError for a store that is not empty.
 */
export async function restoreBackup(
  open: () => AsyncIterable<Uint8Array>,
  openTarget: (plan: RestorePlan) => Promise<RestoreTarget>,
  options: RestoreOptions,
): Promise<BackupSummary & { readonly era: number }> {
  const summary = await verifyBackup(open(), options);
  const { service, meta } = summary.header;
  const era = options.era ?? meta.era + 1;
  if (!Number.isSafeInteger(era) || era <= meta.era || era > MAX_ERA) {
    throw new StartError(`the era ${era} must be above the backup's ${meta.era} and at most ${MAX_ERA}`);
  }
  await using target = await openTarget({ service, partitions: meta.partitions });
  await loadFrames(readFrames(open()), target, meta.partitions, options);
  await target.finish(era);
  return { ...summary, era };
}
