import { setImmediate as nextTurn } from 'node:timers/promises';
import { PassingSet } from '#libs/collections/passing-set.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Journal } from '#libs/store/journal/journal.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { CommitLine } from '../commit/commit-line.ts';
import { phasesOf } from '../rows/row-phases.ts';
import type { HotRun } from '../runs/hot-run.ts';
import type { Clock } from '../timers/clock.ts';
import type { RemoveDeleted } from './deletion.ts';
import type { Partition } from './partition.ts';
import { createRunWriter } from './write-runs.ts';

/**
 * How long after a round the next one begins where nobody waits for it: lists show what happened within about this time,
 * and a run that takes less is written once.
 */
const ROUND_INTERVAL_MS = 500;
/** The same where somebody waits. */
const HURRY_MS = 10;
/**
 * Runs whose rows are made in one go, for which everybody else waits some two milliseconds. The more go together, the less
 * each costs a store: 64 cost SQLite half as much again as 256.
 */
const RUNS_PER_WRITE = 256;
/** Journal bytes between two trims: each costs a transaction. */
const TRIM_EVERY_BYTES: number = 16 * 1024 * 1024;
/** Time between two trims of a journal that grows slowly. */
const TRIM_EVERY_MS = 10_000;
/** How long a round that failed waits before it is tried again. */
const RETRY_MS = 1_000;

/** What a round writes of a partition beside its runs. */
export interface RoundRows {
  readonly checkpoint: Uint8Array;
  readonly writes: readonly RowWrite[];
  /** Called once the rows are there. */
  readonly onWritten: () => void;
}

/** The state of a partition beside its runs, as a round writes it. */
export interface RoundState {
  /** The checkpoint's body, and the rows besides those of runs, as of this moment. */
  take(): RoundRows;
  /** Whether anything happened since the last round. */
  readonly isDirty: boolean;
}

/** What a materialiser needs. */
export interface MaterialiserOptions {
  readonly partition: Partition;
  readonly line: CommitLine;
  readonly epoch: number;
  readonly tables: StateTables;
  readonly journal: Journal;
  readonly state: RoundState;
  readonly clock: Clock;
  /** Where the last checkpoint stands. */
  readonly checkpointPosition: number;
  /** Removes what belongs to deleted runs. */
  readonly removeDeleted: RemoveDeleted;
  /** Whether the lease allows a round to begin. [journal.md 15] */
  readonly mayWrite: () => boolean;
  /** A round failed; it is tried again. */
  readonly onTrouble: (error: unknown) => void;
}

/** Keeps the tables behind the journal. */
export interface Materialiser {
  /** Something happened: a round is due. */
  wake(): void;
  /** So many runs have ended that are not written: enough of them do not wait for a round. */
  noteEnded(count: number): void;
  /** Resolves once the tables show everything up to a position. */
  until(position: number, signal: AbortSignal): Promise<void>;
  /** Writes a round now, so that whoever takes the partition next has little to read. A round that fails is no error. */
  catchUp(): Promise<void>;
  /** Stops; a round that is under way is given up. */
  stop(): Promise<void>;
}

/**
 * Makes the materialiser of a partition. A round takes everything that happened up to a boundary of the journal, writes
 * the rows of it in small transactions, each after what it shows is durable, and then the checkpoint at the boundary.
 * [journal.md 15, 17]
 *
 * A store may lose rows in a power cut until a checkpoint stands, which is durable with every row before it: whatever
 * cannot be made again without the rows, such as trimming the journal, comes after the checkpoint. What is removed of a
 * deleted run before that is found gone when it is removed again.
 */
export function createMaterialiser(options: MaterialiserOptions): Materialiser {
  const { partition, line, tables, journal, state, clock, epoch } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  let checkpointPosition = options.checkpointPosition;
  let running: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let bytesSinceTrim = 0;
  let trimmedMs = clock.monotonic();
  /** Runs of a round that failed: they are written again. */
  let left: readonly HotRun[] = [];
  let leftRows: RoundRows[] = [];
  /** Up to where the tables show everything. */
  let shownPosition = checkpointPosition;
  const waiting = new Set<{ readonly position: number; readonly resolve: () => void }>();
  /** While runs that have ended are written between two rounds. */
  let writingEnded: Promise<void> | undefined;
  const writeRuns = createRunWriter({ partition, clock, atBoundary, write });
  /**
   * Ends each wait. One listener for all of them: what listens for a moment is kept alive by what listened before it, long
   * after that has gone.
   */
  const interrupts = new PassingSet<(reason: Error) => void>();
  signal.addEventListener('abort', () => {
    for (const interrupt of interrupts) interrupt(signal.reason as Error);
  });
  let hasDeletions = true;
  let isRetrying = false;

  function wake(waitMs: number = ROUND_INTERVAL_MS): void {
    if (running !== undefined || cancelTimer !== undefined || signal.aborted) return;
    cancelTimer = clock.setTimer(waitMs, () => {
      cancelTimer = undefined;
      void run();
    });
  }

  /** Somebody waits: the next round begins soon, unless one failed just before. */
  function hurry(): void {
    if (isRetrying) return;
    cancelTimer?.();
    cancelTimer = undefined;
    wake(HURRY_MS);
  }

  function run(): Promise<void> {
    running ??= (async () => {
      isRetrying = true;
      try {
        await writingEnded;
        if (options.mayWrite()) {
          await round();
          isRetrying = false;
        }
      } catch (error) {
        if (!signal.aborted) options.onTrouble(error);
      }
      running = undefined;
      if (isRetrying) wake(RETRY_MS);
      else if (isBehind()) wake(waiting.size > 0 ? HURRY_MS : ROUND_INTERVAL_MS);
    })();
    return running;
  }

  /**
   * Writes runs that have ended without waiting for a round: nothing more will happen to them, so that it is no more work
   * than later, and what leaves memory soon costs little to forget.
   */
  async function writeEnded(): Promise<void> {
    while (partition.dirty.endedCount >= RUNS_PER_WRITE && running === undefined && options.mayWrite()) {
      const runs = partition.dirty.takeEnded(RUNS_PER_WRITE);
      try {
        await writeRuns(runs);
      } catch (error) {
        left = [...left, ...runs];
        isRetrying = true;
        wake(RETRY_MS);
        if (!signal.aborted) options.onTrouble(error);
        return;
      }
      await nextTurn();
    }
  }

  function noteEnded(count: number): void {
    if (count < RUNS_PER_WRITE || running !== undefined || writingEnded !== undefined || isRetrying) return;
    if (signal.aborted) return;
    writingEnded = writeEnded().finally(() => {
      writingEnded = undefined;
    });
  }

  function isBehind(): boolean {
    return (
      left.length > 0 || partition.dirty.size > 0 || state.isDirty || line.position - 1 > shownPosition || hasDeletions
    );
  }

  async function round(): Promise<void> {
    const { position, runs, taken } = await atBoundary(() => ({
      runs: [...left, ...partition.dirty.takeAll()],
      taken: state.take(),
    }));
    left = runs;
    if (taken.writes.length > 0) leftRows.push(taken);
    // One call each: what a failed round did not write and what came since may be of the same row.
    for (const { writes, onWritten } of leftRows) {
      await write(position, writes);
      onWritten();
    }
    leftRows = [];
    for (let at = 0; at < runs.length; at += RUNS_PER_WRITE) {
      await writeRuns(runs.slice(at, at + RUNS_PER_WRITE));
      left = runs.slice(at + RUNS_PER_WRITE);
      await nextTurn();
    }
    left = [];
    await durable(position);
    hasDeletions = partition.state.deletions.size > 0 && (await options.removeDeleted(position, clock.now()));
    show(position);
    // What a quarantined run did is only in the journal: it stays there, and recovery begins before it.
    if (position > checkpointPosition && partition.state.quarantined.size === 0) {
      await tables.writeCheckpoint({ partition: partition.partition, position, epoch, body: taken.checkpoint });
      checkpointPosition = position;
    }
    bytesSinceTrim += partition.cover(position);
    const isTrimDue = bytesSinceTrim >= TRIM_EVERY_BYTES || clock.monotonic() - trimmedMs >= TRIM_EVERY_MS;
    if (isTrimDue) await trim(checkpointPosition);
  }

  function show(position: number): void {
    shownPosition = Math.max(shownPosition, position);
    for (const one of waiting) {
      if (one.position > shownPosition) continue;
      waiting.delete(one);
      one.resolve();
    }
  }

  async function write(position: number, writes: readonly RowWrite[]): Promise<void> {
    await durable(position);
    // A store may write the rows of one call in any order.
    for (const phase of phasesOf(writes)) await tables.writeRows({ position, time: clock.now() }, phase, signal);
  }

  async function trim(position: number): Promise<void> {
    bytesSinceTrim = 0;
    trimmedMs = clock.monotonic();
    // The last record stays: the next owner's epoch record stands behind it, where this one would write.
    await journal.trim(partition.partition, position - 1, signal);
  }

  function atBoundary<T extends object>(take: () => T): Promise<T & { readonly position: number }> {
    return interruptible((resolve) => {
      line.atBoundary((position) => resolve({ ...take(), position }));
    });
  }

  /** What is written shows only what is durable. [journal.md 10] */
  function durable(position: number): Promise<void> {
    if (position <= line.durablePosition) return Promise.resolve();
    return interruptible((resolve, reject) => {
      line.whenDurableAt(position, (news) => {
        if (news === 'durable') resolve();
        if (news === 'lost') reject(new DomainError('UNAVAILABLE', 'the partition has another owner'));
      });
    });
  }

  function interruptible<T>(
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      interrupts.add(reject);
      start(
        (value) => {
          interrupts.delete(reject);
          resolve(value);
        },
        (error) => {
          interrupts.delete(reject);
          reject(error as Error);
        },
      );
    });
  }

  return {
    wake: () => wake(),
    noteEnded,
    until: async (position, waitSignal) => {
      if (position <= shownPosition) return;
      waitSignal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const one = { position, resolve };
      const giveUp = (): void => reject(new DomainError('UNAVAILABLE', 'the partition is not served any more'));
      const onAbort = (): void => reject(waitSignal.reason as Error);
      waiting.add(one);
      signal.addEventListener('abort', giveUp);
      waitSignal.addEventListener('abort', onAbort);
      hurry();
      try {
        await promise;
      } finally {
        waiting.delete(one);
        signal.removeEventListener('abort', giveUp);
        waitSignal.removeEventListener('abort', onAbort);
      }
    },
    catchUp: async () => {
      await running;
      cancelTimer?.();
      cancelTimer = undefined;
      await run();
    },
    stop: async () => {
      stopped.abort(new DomainError('UNAVAILABLE', 'the partition is not served any more'));
      cancelTimer?.();
      await Promise.all([running, writingEnded]);
    },
  };
}
