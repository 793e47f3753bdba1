/** How long rows were seen unchanged, by this node's own clock and its own reads. */
export interface RowWatch<K> {
  /** Rows were read, all there are. `receivedMs` is when they had arrived: what they show is not younger. */
  see(rows: Iterable<readonly [key: K, revision: number]>, receivedMs: number): void;
  /** One row is known from this node's own write. */
  note(key: K, revision: number, receivedMs: number): void;
  /** A read failed: the store was not reachable, and so it was not for those who had to renew. */
  fail(): void;
  /** How long a row was seen unchanged until the last read; 0 for one that was not seen. */
  unchangedMs(key: K): number;
  /** When a row was first seen as it is; the last read for one that was not seen. */
  sinceMs(key: K): number;
}

/**
 * Watches the revisions of rows. An observation counts only while reads succeed one after the other: after a failed one,
 * or a gap of more than `maxGapMs`, every row is seen for the first time. [journal.md 11]
 */
export function createRowWatch<K>(maxGapMs: number): RowWatch<K> {
  let seen = new Map<K, { readonly revision: number; readonly sinceMs: number }>();
  let lastMs = Number.NEGATIVE_INFINITY;

  return {
    see: (rows, receivedMs) => {
      const before = receivedMs - lastMs > maxGapMs ? undefined : seen;
      seen = new Map();
      for (const [key, revision] of rows) {
        const known = before?.get(key);
        seen.set(key, known?.revision === revision ? known : { revision, sinceMs: receivedMs });
      }
      lastMs = receivedMs;
    },
    note: (key, revision, receivedMs) => {
      if (seen.get(key)?.revision !== revision) seen.set(key, { revision, sinceMs: receivedMs });
    },
    fail: () => {
      seen = new Map();
      lastMs = Number.NEGATIVE_INFINITY;
    },
    unchangedMs: (key) => {
      const known = seen.get(key);
      return known === undefined ? 0 : Math.max(0, lastMs - known.sinceMs);
    },
    sinceMs: (key) => seen.get(key)?.sinceMs ?? lastMs,
  };
}
