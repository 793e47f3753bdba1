import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SlotRange } from '#libs/store/slots.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { ListCursor, ReadyList } from '#libs/store/tables/items.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { entryFromRow } from '../rows/item-rows.ts';
import type { Clock } from '../timers/clock.ts';
import type { Partition } from './partition.ts';
import { WAKE_HORIZON_MS } from './run-clock.ts';

/** Time between two looks at what wakes soon: well within the horizon. */
const SCAN_EVERY_MS: number = WAKE_HORIZON_MS / 2;
/** Runs that one look puts on the clock; where more are due, the next look comes earlier. */
const MAX_DUE = 20_000;
/** Rows of one read. */
const PAGE_ROWS = 1_000;
/** Lists of one read. */
const PAGE_LISTS = 100;

/** What is read from the tables because it is not in memory. */
export interface RowScanOptions {
  readonly partition: Partition;
  readonly slots: SlotRange;
  readonly tables: Pick<StateTables, 'dueBefore' | 'readyLists' | 'readyHead' | 'headKeys'>;
  readonly clock: Clock;
  readonly onTrouble: (what: string, error: unknown) => void;
}

/** Finds what wakes, what is ready and what exists, by rows. Rows are hints: the run itself is looked at. [journal.md 17] */
export interface RowScan {
  /** The first look: at once what is ready, and what wakes soon; then, while the partition is served, what exists. */
  start(signal: AbortSignal): Promise<void>;
  /** Offers the items of a list that stand in the tables only, the oldest first. False: there was no room for all. */
  refill(list: ReadyList): Promise<boolean>;
  stop(): void;
}

/** Makes the scan of a partition. */
export function createRowScan(options: RowScanOptions): RowScan {
  const { partition, slots, tables, clock, onTrouble } = options;
  const stopped = new AbortController();
  let cancelTimer: (() => void) | undefined;

  async function scanDue(): Promise<void> {
    const horizon = clock.now() + WAKE_HORIZON_MS;
    const due = await tables.dueBefore(slots, horizon, MAX_DUE);
    if (stopped.signal.aborted) return;
    for (const { dueTime, ...key } of due) partition.noteWake(key, dueTime);
    const last = due.at(-1);
    // A full page ends earlier than the horizon: what comes after it is looked for before it is due.
    const seenUntil = due.length < MAX_DUE || last === undefined ? horizon : last.dueTime;
    const waitMs = Math.min(SCAN_EVERY_MS, Math.max(100, (seenUntil - clock.now()) / 2));
    cancelTimer = clock.setTimer(waitMs, () => {
      scanDue().catch(retryDue);
    });
  }

  function retryDue(error: unknown): void {
    if (stopped.signal.aborted) return;
    onTrouble('runs that wake cannot be read', error);
    cancelTimer = clock.setTimer(1_000, () => {
      scanDue().catch(retryDue);
    });
  }

  async function scanReady(signal: AbortSignal): Promise<void> {
    let after: ReadyList | undefined;
    for (;;) {
      signal.throwIfAborted();
      const lists = await tables.readyLists(slots, PAGE_LISTS, after);
      for (const list of lists) await offerList(list, signal);
      if (lists.length < PAGE_LISTS) return;
      after = lists.at(-1);
    }
  }

  async function offerList(list: ReadyList, signal: AbortSignal): Promise<boolean> {
    let after: ListCursor | undefined;
    for (;;) {
      signal.throwIfAborted();
      const rows = await tables.readyHead(slots, list, PAGE_ROWS, after);
      for (const row of rows) if (!partition.offerRow(entryFromRow(row))) return false;
      const last = rows.at(-1);
      if (rows.length < PAGE_ROWS || last === undefined) return true;
      const { tenantId, runId, incarnation, itemId, state } = last;
      after = { tenantId, runId, incarnation, itemId, since: state.kind === 'ready' ? state.since : 0 };
      await nextTurn();
    }
  }

  /** Notes every run that has a row, so that a fresh id costs no look into the tables. */
  async function scanKnown(signal: AbortSignal): Promise<void> {
    let after: RunKey | undefined;
    for (;;) {
      signal.throwIfAborted();
      const keys = await tables.headKeys(slots, PAGE_ROWS, after);
      for (const key of keys) partition.noteKnown(key);
      after = keys.at(-1);
      if (keys.length < PAGE_ROWS) break;
      await nextTurn();
    }
    partition.allKnown();
  }

  async function scanKnownAgain(): Promise<void> {
    for (let isDone = false; !isDone; ) {
      try {
        await scanKnown(stopped.signal);
        isDone = true;
      } catch (error) {
        if (stopped.signal.aborted) return;
        onTrouble('the runs that there are cannot be read', error);
        await new Promise<void>((resolve) => {
          clock.setTimer(SCAN_EVERY_MS, resolve);
        });
      }
    }
  }

  return {
    start: async (signal) => {
      const both = AbortSignal.any([signal, stopped.signal]);
      await scanReady(both);
      await scanDue();
      void scanKnownAgain();
    },
    refill: (list) => offerList(list, stopped.signal),
    stop: () => {
      stopped.abort();
      cancelTimer?.();
    },
  };
}
