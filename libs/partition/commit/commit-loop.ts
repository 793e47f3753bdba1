import type { Journal, JournalRecord } from '#libs/store/journal/journal.ts';
import type { CommitContext } from './commit-context.ts';
import { type CommitLine, createCommitLine, type DrivenLine, type LineOptions } from './commit-line.ts';

/**
 * After so long an outcome is late: callers are told UNAVAILABLE, and the partitions that are not concerned no longer
 * wait for the same trip. [journal.md 7]
 */
const LATE_MS = 1_000;

/** Makes the commits of all the partitions that a node owns durable: one round trip for all of them. */
export interface CommitLoop {
  /**
   * Opens the line of a partition that was taken over.
   *
   * @throws RangeError when the partition has an open line.
   */
  open(options: LineOptions): CommitLine;
  /** Waits until a line has nothing more on its way. Nothing is added meanwhile, else it takes longer. */
  drain(line: CommitLine): Promise<void>;
  /** Ends every line. What is not durable is settled by whoever owns the partitions next. */
  stop(): void;
}

/**
 * While one trip is under way, the next records fill. Then each line that has something to say sends one record. A line
 * whose outcome is unknown settles alone, and sends nothing newer meanwhile; the others go on. [journal.md 3, 6, 7]
 */
export function createCommitLoop(journal: Journal, context: CommitContext): CommitLoop {
  const lines = new Map<number, DrivenLine>();
  const stopped = new AbortController();
  const drains = new Map<DrivenLine, (() => void)[]>();
  let isScheduled = false;
  let tripsInTime = 0;

  function schedule(): void {
    if (isScheduled || tripsInTime > 0) return;
    isScheduled = true;
    context.soon(turn);
  }

  function turn(): void {
    isScheduled = false;
    if (tripsInTime > 0) return;
    const sent: DrivenLine[] = [];
    const records: JournalRecord[] = [];
    for (const line of lines.values()) {
      if (!line.hasEntries || line.isOnItsWay) continue;
      records.push(line.takeRecord());
      sent.push(line);
    }
    if (records.length > 0) void travel(sent, records);
    for (const line of sent) line.reachBoundary();
  }

  async function travel(sent: readonly DrivenLine[], records: readonly JournalRecord[]): Promise<void> {
    tripsInTime += 1;
    let isInTime = true;
    const endTrip = (): void => {
      if (!isInTime) return;
      isInTime = false;
      tripsInTime -= 1;
      schedule();
    };
    const unknown = new Set(sent);
    const cancelLate = context.later(LATE_MS, () => {
      for (const line of unknown) line.setLate();
      endTrip();
    });
    const outcomes = await journal.append(records);
    const settling: Promise<void>[] = [];
    for (const [i, line] of sent.entries()) {
      const record = records[i];
      if (outcomes[i] === 'committed') {
        unknown.delete(line);
        commit(line);
      } else if (record !== undefined) {
        settling.push(settle(line, record).finally(() => unknown.delete(line)));
      }
    }
    endTrip();
    await Promise.all(settling);
    cancelLate();
  }

  async function settle(line: DrivenLine, record: JournalRecord): Promise<void> {
    try {
      const outcome = await journal.settle(record, stopped.signal);
      if (outcome === 'committed') commit(line);
      else line.end({ kind: 'lost' });
    } catch (error) {
      if (!stopped.signal.aborted) line.end({ kind: 'broken', error });
    }
  }

  function commit(line: DrivenLine): void {
    line.setDurable();
    if (line.hasEntries) schedule();
    else if (!line.isOnItsWay) tellDrained(line);
  }

  function forget(line: DrivenLine): void {
    if (lines.get(line.partition) === line) lines.delete(line.partition);
    tellDrained(line);
  }

  function tellDrained(line: DrivenLine): void {
    const waiting = drains.get(line);
    drains.delete(line);
    for (const resolve of waiting ?? []) resolve();
  }

  return {
    open: (options) => {
      if (lines.has(options.partition)) throw new RangeError(`partition ${options.partition} has an open line`);
      const line: DrivenLine = createCommitLine(
        {
          ...options,
          mayAnswer: () => options.mayAnswer(),
          onEnd: (end) => {
            forget(line);
            options.onEnd(end);
          },
        },
        context,
        schedule,
      );
      lines.set(options.partition, line);
      return line;
    },
    drain: (opened) =>
      new Promise((resolve) => {
        const line = lines.get(opened.partition);
        if (line !== opened || line === undefined || !(line.hasEntries || line.isOnItsWay)) {
          resolve();
          return;
        }
        drains.set(line, [...(drains.get(line) ?? []), resolve]);
      }),
    stop: () => {
      stopped.abort();
      for (const line of lines.values()) line.drop();
    },
  };
}
