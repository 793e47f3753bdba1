import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Collection, MongoServerError } from 'mongodb';

/** A document of the collection of meta rows: the meta row itself, the lock, holds of backups. */
export interface MetaDocument {
  readonly _id: string;
  /** The meta row, as JSON. */
  readonly row?: string;
  /** Who holds a lock. */
  readonly holder?: string;
  /** Counts signs of life of a lock or a hold. */
  readonly beat?: number;
}

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
}

const DEFAULT_LEASE_MS = 10_000;
const LOCK_ID = 'lock';
const DUPLICATE_KEY = 11000;
const OPTIONS = { writeConcern: { w: 'majority', journal: true }, timeoutMS: 10_000 } as const;
const READ = { readConcern: { level: 'majority' }, readPreference: 'primary', timeoutMS: 10_000 } as const;

/**
 * Takes the lock of a store: whoever makes it or changes its format holds it.
 *
 * States: free (no row) → held (a row with its holder) → free. The holder counts its row up; whoever waits takes over
 * when it has itself seen the row unchanged for a whole lease, because clocks of two machines are never compared. Every
 * write names the row that it replaces, so that of two who take over one does.
 *
 * @throws the signal's reason when it aborts.
 */
export async function takeStoreLock(
  meta: Collection<MetaDocument>,
  signal: AbortSignal,
  { leaseMs = DEFAULT_LEASE_MS, beatMs = leaseMs / 10 }: LockTiming = {},
): Promise<StoreLock> {
  const holder = randomUUID();
  let seen: { readonly holder: string; readonly beat: number; readonly sinceMs: number } | undefined;
  for (;;) {
    signal.throwIfAborted();
    if (seen === undefined && (await insertLock(meta, holder))) {
      return holdLock(meta, holder, leaseMs, beatMs);
    }
    const row = await meta.findOne({ _id: LOCK_ID }, READ);
    const { holder: other = '', beat = 0 } = row ?? {};
    if (row === null) {
      seen = undefined;
      continue;
    }
    if (seen?.holder !== other || seen.beat !== beat) {
      seen = { holder: other, beat, sinceMs: performance.now() };
    } else if (performance.now() - seen.sinceMs >= leaseMs) {
      const taken = await meta.updateOne({ _id: LOCK_ID, holder: other, beat }, { $set: { holder, beat: 0 } }, OPTIONS);
      if (taken.matchedCount > 0) {
        return holdLock(meta, holder, leaseMs, beatMs);
      }
    }
    await delay(beatMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function insertLock(meta: Collection<MetaDocument>, holder: string): Promise<boolean> {
  try {
    await meta.insertOne({ _id: LOCK_ID, holder, beat: 0 }, OPTIONS);
    return true;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) {
      return false;
    }
    throw error;
  }
}

function holdLock(meta: Collection<MetaDocument>, holder: string, leaseMs: number, beatMs: number): StoreLock {
  const beating = keepBeating(meta, { _id: LOCK_ID, holder }, leaseMs / 2, beatMs);
  return {
    lost: beating.lost,
    async [Symbol.asyncDispose]() {
      await beating.stop();
      await meta.deleteOne({ _id: LOCK_ID, holder }, OPTIONS).catch(() => undefined);
    },
  };
}

/** Signs of life of a row. */
export interface Beating {
  /** Aborts when the row is gone, or no sign got through for a time. */
  readonly lost: AbortSignal;
  stop(): Promise<void>;
}

/** Counts a row up until it is stopped. */
export function keepBeating(
  meta: Collection<MetaDocument>,
  row: { readonly _id: string; readonly holder: string },
  limitMs: number,
  beatMs: number,
): Beating {
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
      const found = await meta
        .updateOne(row, { $inc: { beat: 1 } }, { ...OPTIONS, timeoutMS: Math.max(1_000, limitMs) })
        .then(({ matchedCount }) => matchedCount > 0)
        .catch(() => undefined);
      lastMs = found === true ? sentMs : lastMs;
      if (found === false || performance.now() - lastMs > limitMs) {
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
