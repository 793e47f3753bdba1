import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import type { TrimHolds } from '../backup/trim-holds.ts';
import { openMetaCollection } from './meta.ts';
import { keepBeating } from './meta-lock.ts';

/** How holds of a shared store are kept. */
export interface HoldTiming {
  /** How long an owner goes by what it read of holds: a trim asks once in that time. 2 000 by default. */
  readonly cacheMs?: number;
  /** How long a hold may give no sign of life before owners pass it over. 30 000 by default. */
  readonly leaseMs?: number;
}

const DEFAULT_CACHE_MS = 2_000;
const DEFAULT_LEASE_MS = 30_000;
const HOLDS = { $gte: 'hold/', $lt: 'hold0' } as const;
const WRITE = { writeConcern: { w: 'majority', journal: true }, timeoutMS: 10_000 } as const;
const READ = { readConcern: { level: 'majority' }, readPreference: 'primary', timeoutMS: 10_000 } as const;

/**
 * Holds of a store that several nodes write to: each is a row that its holder counts up, and owners look for such rows
 * before they trim. What an owner read is good for a short while, which a new hold waits out. A row that an owner has
 * itself seen unchanged for a whole lease is of a process that died, and is passed over.
 */
export function createMongoHolds(db: Db, timing: HoldTiming = {}): TrimHolds {
  const { cacheMs = DEFAULT_CACHE_MS, leaseMs = DEFAULT_LEASE_MS } = timing;
  const meta = openMetaCollection(db);
  const seen = new Map<string, { readonly beat: number; readonly sinceMs: number }>();
  let known: { readonly untilMs: number; readonly isHeld: Promise<boolean> } | undefined;

  async function look(): Promise<boolean> {
    const rows = await meta.find({ _id: HOLDS }, READ).toArray();
    const ids = new Set(rows.map(({ _id }) => _id));
    const nowMs = performance.now();
    for (const id of seen.keys()) {
      if (!ids.has(id)) {
        seen.delete(id);
      }
    }
    let isHeld = false;
    for (const { _id, beat = 0 } of rows) {
      const last = seen.get(_id);
      if (last?.beat !== beat) {
        seen.set(_id, { beat, sinceMs: nowMs });
        isHeld = true;
      } else {
        isHeld ||= nowMs - last.sinceMs < leaseMs;
      }
    }
    return isHeld;
  }

  return {
    async hold(signal) {
      signal.throwIfAborted();
      const row = { _id: `hold/${randomUUID()}`, holder: randomUUID() };
      await meta.insertOne({ ...row, beat: 0 }, WRITE);
      const beating = keepBeating(meta, row, leaseMs / 2, leaseMs / 10);
      const hold = {
        lost: beating.lost,
        async [Symbol.asyncDispose]() {
          await beating.stop();
          // Where this fails, owners pass it over after a lease.
          await meta.deleteOne(row, WRITE).catch(() => undefined);
        },
      };
      try {
        // Twice, because an owner's answer may have been on its way when it was asked for.
        await delay(2 * cacheMs, undefined, { signal });
        return hold;
      } catch (error) {
        await hold[Symbol.asyncDispose]();
        signal.throwIfAborted();
        throw error;
      }
    },
    async isHeld() {
      if (known === undefined || performance.now() >= known.untilMs) {
        // Counted from when it was asked, because that is what it is true for.
        const asked = { untilMs: performance.now() + cacheMs, isHeld: look() };
        asked.isHeld.catch(() => (known = undefined));
        known = asked;
      }
      return await known.isHeld;
    },
  };
}
