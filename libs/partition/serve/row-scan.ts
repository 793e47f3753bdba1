import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SlotRange } from '#libs/store/slots.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { DueRun } from '#libs/store/tables/heads.ts';
import type { ItemRow, ListCursor, ReadyList } from '#libs/store/tables/items.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { ListName, ReadyEntry } from '../ready/ready-entry.ts';
import { entryFromRow, tagSetOf } from '../rows/item-rows.ts';
import { HEARTBEAT_LEASE_MS } from '../runs/next-time.ts';
import type { Clock } from '../timers/clock.ts';
import { loadHeld } from './load-held.ts';
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
  refill(list: ListName): Promise<boolean>;
  stop(): void;
}

/** What of a list was not offered at first. */
interface ListRest {
  readonly list: ReadyList;
  readonly after: ListCursor;
}

/** Makes the scan of a partition. */
export function createRowScan(options: RowScanOptions): RowScan {
  const { partition, slots, tables, clock, onTrouble } = options;
  const stopped = new AbortController();
  let cancelTimer: (() => void) | undefined;

  /** Puts what wakes soon on the clock. Answers it, the earliest first. */
  async function scanDue(): Promise<readonly DueRun[]> {
    const horizon = clock.now() + WAKE_HORIZON_MS;
    const due = await tables.dueBefore(slots, horizon, MAX_DUE);
    if (stopped.signal.aborted) return [];
    for (const { dueTime, ...key } of due) partition.noteWake(key, dueTime);
    const last = due.at(-1);
    // A full page ends earlier than the horizon: what comes after it is looked for before it is due.
    const seenUntil = due.length < MAX_DUE || last === undefined ? horizon : last.dueTime;
    const waitMs = Math.min(SCAN_EVERY_MS, Math.max(100, (seenUntil - clock.now()) / 2));
    cancelTimer = clock.setTimer(waitMs, () => {
      scanDue().catch(retryDue);
    });
    return due;
  }

  function retryDue(error: unknown): void {
    if (stopped.signal.aborted) return;
    onTrouble('runs that wake cannot be read', error);
    cancelTimer = clock.setTimer(1_000, () => {
      scanDue().catch(retryDue);
    });
  }

  /** Offers what is ready. Answers the lists that there was no room for, and from where on. */
  async function scanReady(signal: AbortSignal): Promise<readonly ListRest[]> {
    const rests: ListRest[] = [];
    let after: ReadyList | undefined;
    for (;;) {
      signal.throwIfAborted();
      const lists = await tables.readyLists(slots, PAGE_LISTS, after);
      for (const list of lists) {
        const stoppedAt = await offerList(list, signal, (entry) => partition.offerRow(entry));
        if (stoppedAt !== undefined) rests.push({ list, after: stoppedAt });
      }
      if (lists.length < PAGE_LISTS) return rests;
      after = lists.at(-1);
    }
  }

  /** Offers the rows of a list until one is refused. Answers the place of that one. */
  async function offerList(
    list: ReadyList,
    signal: AbortSignal,
    offer: (entry: ReadyEntry) => boolean,
    from?: ListCursor,
  ): Promise<ListCursor | undefined> {
    let after = from;
    for (;;) {
      signal.throwIfAborted();
      const rows = await tables.readyHead(slots, list, PAGE_ROWS, after);
      for (const row of rows) if (!offer(entryFromRow(row))) return cursorOf(row);
      const last = rows.at(-1);
      if (rows.length < PAGE_ROWS || last === undefined) return undefined;
      after = cursorOf(last);
      await nextTurn();
    }
  }

  /** Looks through what had no room, so that every list of which something stands there is known to go on there. */
  async function offerRests(rests: readonly ListRest[]): Promise<void> {
    for (const { list, after } of rests) {
      const offer = (entry: ReadyEntry): true => {
        partition.offerRow(entry, true);
        return true;
      };
      await tryAgain('items that wait cannot be read', () => offerList(list, stopped.signal, offer, after));
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

  async function tryAgain(trouble: string, work: () => Promise<unknown>): Promise<void> {
    for (let isDone = false; !isDone; ) {
      try {
        await work();
        isDone = true;
      } catch (error) {
        if (stopped.signal.aborted) return;
        onTrouble(trouble, error);
        await new Promise<void>((resolve) => {
          clock.setTimer(SCAN_EVERY_MS, resolve);
        });
      }
    }
  }

  return {
    start: async (signal) => {
      const both = AbortSignal.any([signal, stopped.signal]);
      const rests = await scanReady(both);
      const due = await scanDue();
      // A worker that holds a run by heartbeats was to be heard within a lease: its run is due by then.
      const heldUntil = clock.now() + HEARTBEAT_LEASE_MS;
      const held = due.filter(({ dueTime }) => dueTime <= heldUntil);
      void loadHeld(partition, held, stopped.signal);
      void offerRests(rests);
      void tryAgain('the runs that there are cannot be read', () => scanKnown(stopped.signal));
    },
    refill: async ({ tenantId, workflow, version, queue, tags, priority }) => {
      const list = { tenantId, queue, tagSet: tagSetOf(tags), priority };
      // What other definitions have no room for stands in the same list of the tables, and keeps nothing from this one.
      const offer = (entry: ReadyEntry): boolean =>
        partition.offerRow(entry) || entry.workflow !== workflow || entry.version !== version;
      return (await offerList(list, stopped.signal, offer)) === undefined;
    },
    stop: () => {
      stopped.abort();
      cancelTimer?.();
    },
  };
}

function cursorOf({ tenantId, runId, incarnation, itemId, state }: ItemRow): ListCursor {
  return { tenantId, runId, incarnation, itemId, since: state.kind === 'ready' ? state.since : 0 };
}
