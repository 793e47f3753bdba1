import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import type { TrimHolds } from '../backup/trim-holds.ts';
import { CALL_TIMEOUT_MS } from './bounded-call.ts';
import { openMetaCollection } from './meta-collection.ts';
import { insertBeating, keepBeating, removeBeating } from './meta-lock.ts';
import { callStore, unavailableFrom } from './store-call.ts';

/** How holds of a shared store are kept. */
export interface HoldTiming {
  /** How long an owner goes by what it read of holds: a trim asks once in that time. 2 000 by default. */
  readonly cacheMs?: number;
  /** How long a hold may give no sign of life before owners pass it over. 30 000 by default. */
  readonly leaseMs?: number;
  /** When a call has failed. 10 000 by default. */
  readonly timeoutMs?: number;
}

const DEFAULT_CACHE_MS = 2_000;
const DEFAULT_LEASE_MS = 30_000;
const HOLDS = { $gte: 'hold/', $lt: 'hold0' } as const;
const WHAT = 'the store of holds';

/**
 * Holds of a store that several nodes write to: each is a row that its holder counts up, and owners look for such rows
 * before they trim. What an owner read is good for a short while, which a new hold waits out. A row that an owner has
 * itself seen unchanged for a whole lease is of a process that died, and is passed over.
 */
export function createMongoHolds(db: Db, timing: HoldTiming = {}): TrimHolds {
  const { cacheMs = DEFAULT_CACHE_MS, leaseMs = DEFAULT_LEASE_MS, timeoutMs = CALL_TIMEOUT_MS } = timing;
  const meta = openMetaCollection(db);
  const seen = new Map<string, { readonly beat: number; readonly sinceMs: number }>();
  let known: { readonly untilMs: number; readonly isHeld: Promise<boolean> } | undefined;

  async function look(): Promise<boolean> {
    const rows = await callStore(WHAT, { timeoutMs }, (signal) => meta.find({ _id: HOLDS }, { signal }).toArray());
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
      try {
        await insertBeating(db, row, { timeoutMs, signal });
      } catch (error) {
        signal.throwIfAborted();
        throw unavailableFrom(WHAT, error);
      }
      const beating = keepBeating(db, row, leaseMs / 2, leaseMs / 10);
      const hold = {
        lost: beating.lost,
        async [Symbol.asyncDispose]() {
          await beating.stop();
          await removeBeating(db, row, timeoutMs);
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
