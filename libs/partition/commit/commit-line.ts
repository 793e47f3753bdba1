import type { JournalRecord } from '#libs/store/journal/journal.ts';
import { RECORD_CLOSE_BYTES } from '#libs/store/journal/record-format.ts';
import { createRecordWriter } from '#libs/store/journal/record-writer.ts';
import type { CommitContext } from './commit-context.ts';
import type { News, Waiter } from './waiter.ts';

/** Why a partition's line ended: another owner wrote, or its outcome can never be known to this process. */
export type LineEnd = { readonly kind: 'lost' } | { readonly kind: 'broken'; readonly error: unknown };

/** What a line is opened with. */
export interface LineOptions {
  readonly partition: number;
  readonly epoch: number;
  /** Where its first record goes: after the epoch record of this owner. */
  readonly nextPosition: number;
  /** Whether the lease allows an answer at this moment. What may not be answered is held. [journal.md 11] */
  mayAnswer(): boolean;
  /** Hears once that nothing more will be committed. Waiters have heard `lost` by then. */
  onEnd(end: LineEnd): void;
}

/** The commits of one partition: one record on its way at most, the next one filling. */
export interface CommitLine {
  readonly partition: number;
  readonly epoch: number;
  /** The position of the record that fills. */
  readonly position: number;
  /** The last position that is in the journal for good. */
  readonly durablePosition: number;
  /** Whether a new command may be decided. Not while an outcome is unknown for over a second, or the batch is full. */
  readonly isOpen: boolean;
  /**
   * Adds a copy of an entry to the record that fills, by default of all of `entry`, else of its first `length` bytes. Ask
   * `isOpen` before the command is decided.
   */
  add(entry: Uint8Array, length?: number): void;
  /** Waits for everything that was added so far; at once when it is durable. [journal.md 10] */
  whenDurable(waiter: Waiter): void;
  /** Waits for one position. One that is durable is told at once. */
  whenDurableAt(position: number, waiter: Waiter): void;
  /**
   * Calls a function the next time that everything decided so far is in records that are closed, with the position of
   * the last one: what is in memory at that moment is what those records lead to, exactly. At once when nothing fills.
   */
  atBoundary(run: (position: number) => void): void;
  /** Tells what was held back while the lease did not allow it. */
  answerHeld(): void;
  /** Forgets everything that is not durable: the partition is lost. Idempotent. */
  drop(): void;
}

/** A line as the loop drives it. */
export interface DrivenLine extends CommitLine {
  readonly hasEntries: boolean;
  /** A record of it is on its way. */
  readonly isOnItsWay: boolean;
  readonly hasEnded: boolean;
  /** Closes the record that fills; it is on its way from now on. */
  takeRecord(): JournalRecord;
  /** Tells who waits for a boundary: right after the record has left, so that it does not wait for them. */
  reachBoundary(): void;
  /** What is on its way is not known for too long. */
  setLate(): void;
  /** What was on its way is durable. */
  setDurable(): void;
  /** Nothing more is committed. */
  end(end: LineEnd): void;
}

/** Opens a line. `onEntries` hears when the record that fills gets its first entry. */
export function createCommitLine(options: LineOptions, context: CommitContext, onEntries: () => void): DrivenLine {
  const { partition, epoch } = options;
  const writer = createRecordWriter();
  let position = options.nextPosition;
  let durablePosition = position - 1;
  let filling: Waiter[] = [];
  let onItsWay: Waiter[] = [];
  let isOnItsWay = false;
  let isLate = false;
  let held: Waiter[] = [];
  let hasEnded = false;
  let boundaries: ((position: number) => void)[] = [];

  function tell(waiters: readonly Waiter[], news: News): void {
    for (const waiter of waiters) {
      try {
        waiter(news);
      } catch (error) {
        context.onBug(error);
      }
    }
  }

  function answer(waiters: readonly Waiter[]): void {
    if (waiters.length === 0) return;
    if (held.length === 0 && options.mayAnswer()) tell(waiters, 'durable');
    else held.push(...waiters);
  }

  function wait(waiters: Waiter[], waiter: Waiter): void {
    waiters.push(waiter);
    if (isLate) tell([waiter], 'late');
  }

  function end(how: LineEnd): void {
    if (hasEnded) return;
    hasEnded = true;
    const waiting = [...held, ...onItsWay, ...filling];
    held = [];
    onItsWay = [];
    filling = [];
    isOnItsWay = false;
    tell(waiting, 'lost');
    options.onEnd(how);
  }

  return {
    partition,
    epoch,
    get position() {
      return position;
    },
    get durablePosition() {
      return durablePosition;
    },
    get isOpen() {
      return !hasEnded && !isLate && writer.byteLength < RECORD_CLOSE_BYTES;
    },
    get hasEntries() {
      return writer.entryCount > 0;
    },
    get isOnItsWay() {
      return isOnItsWay;
    },
    get hasEnded() {
      return hasEnded;
    },
    add: (entry, length) => {
      if (hasEnded) return;
      writer.add(entry, length);
      if (writer.entryCount === 1) onEntries();
    },
    whenDurable: (waiter) => {
      if (hasEnded) tell([waiter], 'lost');
      else if (writer.entryCount > 0) wait(filling, waiter);
      else if (isOnItsWay) wait(onItsWay, waiter);
      else answer([waiter]);
    },
    whenDurableAt: (at, waiter) => {
      if (hasEnded) tell([waiter], 'lost');
      else if (at <= durablePosition) answer([waiter]);
      else if (at < position) wait(onItsWay, waiter);
      else wait(filling, waiter);
    },
    atBoundary: (run) => {
      if (writer.entryCount === 0) run(position - 1);
      else boundaries.push(run);
    },
    answerHeld: () => {
      if (held.length === 0 || !options.mayAnswer()) return;
      const waiters = held;
      held = [];
      tell(waiters, 'durable');
    },
    takeRecord: () => {
      const batchId = context.newBatchId();
      const bytes = writer.finish({ partition, position, epoch, isEpoch: false, batchId });
      const record = { partition, position, bytes, batchId };
      onItsWay = filling;
      filling = [];
      isOnItsWay = true;
      position += 1;
      return record;
    },
    reachBoundary: () => {
      if (boundaries.length === 0 || hasEnded) return;
      const waiting = boundaries;
      boundaries = [];
      for (const run of waiting) run(position - 1);
    },
    setLate: () => {
      if (hasEnded || !isOnItsWay) return;
      isLate = true;
      // What fills stands behind what is unknown, so it is late as well.
      tell([...onItsWay, ...filling], 'late');
    },
    setDurable: () => {
      if (hasEnded) return;
      const waiters = onItsWay;
      onItsWay = [];
      isOnItsWay = false;
      isLate = false;
      durablePosition += 1;
      answer(waiters);
    },
    end,
    drop: () => {
      end({ kind: 'lost' });
    },
  };
}
