import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { boundedCall, CALL_TIMEOUT_MS, type CallBounds } from './bounded-call.ts';
import { META_COLLECTION, openMetaCollection } from './meta-collection.ts';
import { deleteOne, insertOne, updateOne } from './write-command.ts';

/** The lock of a store, until it is disposed. */
export interface StoreLock extends AsyncDisposable {
  /** Aborts when somebody else took it over, or it could not be kept up. */
  readonly lost: AbortSignal;
}

/** How a lock is kept. */
export interface LockTiming {
  /** How long a holder may give no sign of life before somebody takes over. 10 000 by default. */
  readonly leaseMs?: number;
  /** The pause between signs of life, and between looks at another's. A tenth of the lease by default. */
  readonly beatMs?: number;
  /** When a call has failed. 10 000 by default. */
  readonly timeoutMs?: number;
}

const DEFAULT_LEASE_MS = 10_000;
const LOCK_ID = 'lock';

/**
 * Takes the lock of a store: whoever makes it or changes its format holds it.
 *
 * States: free (no row) → held (a row with its holder) → free. The holder counts its row up; whoever waits takes over
 * when it has itself seen the row unchanged for a whole lease, because clocks of two machines are never compared. Every
 * write names the row that it replaces, so that of two who take over one does.
 *
 * @throws the signal's reason when it aborts.
 */
export async function takeStoreLock(db: Db, signal: AbortSignal, timing: LockTiming = {}): Promise<StoreLock> {
  const { leaseMs = DEFAULT_LEASE_MS, beatMs = leaseMs / 10, timeoutMs = CALL_TIMEOUT_MS } = timing;
  const meta = openMetaCollection(db);
  const bounds = { timeoutMs, signal };
  const row = { _id: LOCK_ID, holder: randomUUID() };
  let seen: { readonly holder: string; readonly beat: number; readonly sinceMs: number } | undefined;
  for (;;) {
    signal.throwIfAborted();
    if (seen === undefined && (await insertBeating(db, row, bounds))) {
      return holdLock(db, row, { leaseMs, beatMs, timeoutMs });
    }
    const found = await boundedCall(bounds, (bound) => meta.findOne({ _id: LOCK_ID }, { signal: bound }));
    const { holder = '', beat = 0 } = found ?? {};
    if (found === null) {
      seen = undefined;
      continue;
    }
    if (seen?.holder !== holder || seen.beat !== beat) {
      seen = { holder, beat, sinceMs: performance.now() };
    } else if (performance.now() - seen.sinceMs >= leaseMs) {
      const change = { $set: { holder: row.holder, beat: 0 } };
      const isTaken = await boundedCall(bounds, (bound) =>
        updateOne(db, META_COLLECTION, { _id: LOCK_ID, holder, beat }, change, bound),
      );
      if (isTaken) {
        return holdLock(db, row, { leaseMs, beatMs, timeoutMs });
      }
    }
    await delay(beatMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function holdLock(db: Db, row: BeatingRow, { leaseMs, beatMs, timeoutMs }: Required<LockTiming>): StoreLock {
  const beating = keepBeating(db, row, leaseMs / 2, beatMs);
  return {
    lost: beating.lost,
    async [Symbol.asyncDispose]() {
      await beating.stop();
      await removeBeating(db, row, timeoutMs);
    },
  };
}

/** A row that its holder counts up. */
export interface BeatingRow {
  readonly _id: string;
  readonly holder: string;
}

/** How long a row may take to go that may have been inserted; others pass it over after a lease anyway. */
const TIDY_TIMEOUT_MS = 1_000;

/**
 * Inserts a row before its first sign of life; answers `false` when its id is taken.
 *
 * @throws as `boundedCall` does; a row that may have been inserted is removed then, within a second, if that can be done.
 */
export async function insertBeating(db: Db, row: BeatingRow, bounds: CallBounds): Promise<boolean> {
  try {
    return await boundedCall(bounds, (signal) => insertOne(db, META_COLLECTION, { ...row, beat: 0 }, signal));
  } catch (error) {
    await removeBeating(db, row, TIDY_TIMEOUT_MS);
    throw error;
  }
}

/** Removes a row that is its holder's. Where this fails, others pass it over after a lease. */
export async function removeBeating(db: Db, row: BeatingRow, timeoutMs: number): Promise<void> {
  await boundedCall({ timeoutMs }, (signal) => deleteOne(db, META_COLLECTION, { ...row }, signal)).catch(
    () => undefined,
  );
}

/** Signs of life of a row. */
export interface Beating {
  /** Aborts when the row is gone, or no sign got through for a time. */
  readonly lost: AbortSignal;
  stop(): Promise<void>;
}

/** A sign of life that is given up leaves time for two more. */
const SIGNS_IN_LIMIT = 3;
/** What even a loaded server may take for a sign of life. */
const MIN_SIGN_MS = 1_000;

/** Counts a row up until it is stopped. It counts as lost when nothing that was sent in `limitMs` got through. */
export function keepBeating(db: Db, row: BeatingRow, limitMs: number, beatMs: number): Beating {
  const lost = new AbortController();
  const stopping = new AbortController();
  async function beat(): Promise<void> {
    let lastMs = performance.now();
    while (!stopping.signal.aborted) {
      await delay(beatMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) {
        return;
      }
      const sentMs = performance.now();
      const leftMs = lastMs + limitMs - sentMs;
      const timeoutMs = Math.max(1, Math.min(leftMs, Math.max(MIN_SIGN_MS, limitMs / SIGNS_IN_LIMIT)));
      const found = await boundedCall({ timeoutMs }, (signal) =>
        updateOne(db, META_COLLECTION, { ...row }, { $inc: { beat: 1 } }, signal),
      ).catch(() => undefined);
      lastMs = found === true ? sentMs : lastMs;
      if (found === false || performance.now() - lastMs >= limitMs) {
        lost.abort(new Error(`the row ${row._id} of the store could not be kept up`));
        return;
      }
    }
  }
  const done = beat();
  return {
    lost: lost.signal,
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
