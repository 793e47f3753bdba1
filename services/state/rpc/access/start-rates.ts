import { DomainError } from '#libs/errors/domain-error.ts';

/** Counts the starts of tenants that have a limit for them, on this node. */
export interface StartRates {
  /**
   * Counts a start.
   *
   * @throws QUOTA_EXCEEDED beyond so many in the last second.
   */
  count(tenantId: string, maxPerSecond: number): void;
}

const SECOND_MS = 1_000;
/** Tenants that are counted; one that is forgotten begins anew. */
const MAX_TENANTS = 10_000;

interface Bucket {
  /** Starts that are left. */
  left: number;
  filledMs: number;
}

/** Makes the count: a bucket for each tenant that holds the starts of one second and fills as the second goes by. */
export function createStartRates(monotonicMs: () => number): StartRates {
  const buckets = new Map<string, Bucket>();

  function bucketOf(tenantId: string, maxPerSecond: number, now: number): Bucket {
    const known = buckets.get(tenantId);
    if (known !== undefined) return known;
    if (buckets.size >= MAX_TENANTS) buckets.clear();
    const bucket = { left: maxPerSecond, filledMs: now };
    buckets.set(tenantId, bucket);
    return bucket;
  }

  return {
    count(tenantId, maxPerSecond) {
      const now = monotonicMs();
      const bucket = bucketOf(tenantId, maxPerSecond, now);
      const earned = ((now - bucket.filledMs) * maxPerSecond) / SECOND_MS;
      bucket.left = Math.min(maxPerSecond, bucket.left + earned);
      bucket.filledMs = now;
      if (bucket.left < 1) {
        const missingMs = maxPerSecond === 0 ? SECOND_MS : Math.ceil(((1 - bucket.left) * SECOND_MS) / maxPerSecond);
        throw quotaExceeded('max_starts_per_second', maxPerSecond, missingMs);
      }
      bucket.left -= 1;
    },
  };
}

/** The refusal of what is beyond a tenant's limit. */
export function quotaExceeded(limit: string, maximum: number | bigint, retryAfterMs?: number): DomainError {
  return new DomainError('QUOTA_EXCEEDED', `${limit} of the tenant is ${maximum}`, {
    metadata: { limit, maximum: String(maximum) },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
