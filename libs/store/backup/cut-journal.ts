import { setTimeout as delay } from 'node:timers/promises';
import type { Journal } from '../journal/journal.ts';
import type { CheckpointRow, CheckpointTable } from '../tables/checkpoints.ts';
import type { BackupCut } from './backup.ts';

/** How often the journal is asked for ends that stand still, with a pause in between: about a second. */
const MAX_ATTEMPTS = 50;
const PAUSE_MS = 20;

/** The checkpoints that there are, by partition. */
export async function readCheckpoints(
  tables: CheckpointTable,
  partitions: number,
): Promise<ReadonlyMap<number, CheckpointRow>> {
  const checkpoints = new Map<number, CheckpointRow>();
  for (let partition = 0; partition < partitions; partition += 1) {
    const row = await tables.readCheckpoint(partition);
    if (row !== undefined) {
      checkpoints.set(partition, row);
    }
  }
  return checkpoints;
}

/** The ends of all partitions. */
export interface JournalEnds {
  readonly isOneMoment: boolean;
  /** By partition. */
  readonly positions: readonly number[];
}

/**
 * The last position of every partition. Where nobody can hold the owners, ends that are equal twice in a row were the
 * ends between the two.
 */
export async function readEnds(
  journal: Journal,
  partitions: number,
  readAtOnce: ((signal: AbortSignal) => Promise<readonly number[]>) | undefined,
  signal: AbortSignal,
): Promise<JournalEnds> {
  if (readAtOnce !== undefined) {
    return { isOneMoment: true, positions: await readAtOnce(signal) };
  }
  const readAll = (): Promise<number[]> =>
    Promise.all(Array.from({ length: partitions }, (_, partition) => journal.lastPosition(partition)));
  let positions = await readAll();
  for (let attempt = 1; partitions > 1 && attempt <= MAX_ATTEMPTS; attempt += 1) {
    signal.throwIfAborted();
    const again = await readAll();
    if (again.every((position, partition) => position === positions[partition])) {
      return { isOneMoment: true, positions };
    }
    positions = again;
    await delay(PAUSE_MS, undefined, { signal });
  }
  return { isOneMoment: partitions === 1, positions };
}

/** Says from where to where the journal of each partition is copied. Partitions that were never used have none. */
export function cutJournal(checkpoints: ReadonlyMap<number, CheckpointRow>, ends: JournalEnds): BackupCut {
  const partitions = ends.positions
    .map((end, partition) => ({ partition, checkpoint: checkpoints.get(partition)?.position ?? 0, end }))
    .filter(({ end, checkpoint }) => end > 0 || checkpoint > 0)
    // A journal that was trimmed up to its checkpoint may have no record left.
    .map((cut) => ({ ...cut, end: Math.max(cut.end, cut.checkpoint) }));
  return { isOneMoment: ends.isOneMoment, partitions };
}
