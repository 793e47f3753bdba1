import type { DomainError } from '#libs/errors/domain-error.ts';

/** How calls that are safe to repeat are repeated. */
export interface RetryPolicy {
  /** Tries in all, the first one included; 1 never repeats. Default 4. */
  readonly maxAttempts: number;
  /** The pause before the first repeat; it doubles each time. Default 100. */
  readonly initialMs: number;
  /** The longest pause. Default 5 000. */
  readonly maxMs: number;
}

/** Three repeats within a second: enough for a restart, too few to drown a service that is going under. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = { maxAttempts: 4, initialMs: 100, maxMs: 5_000 };

/** At least half of a pause is kept, the rest is random, so that callers that failed together come back apart. */
const BACKOFF_JITTER = 0.5;

/** A pause that the other side asked for is never cut, only stretched. */
const ASKED_JITTER = 0.2;

/**
 * How long to wait before a call that is safe to repeat is tried again, or nothing when it is not worth it: the kind
 * of the error is not `unavailable`, the attempts are used up, or the deadline comes first.
 */
export function maybeRetryDelayMs(
  { maxAttempts, initialMs, maxMs }: RetryPolicy,
  attempts: number,
  error: DomainError,
  deadline: number,
  random: () => number,
): number | undefined {
  if (error.kind !== 'unavailable' || attempts >= maxAttempts) {
    return undefined;
  }
  const backoffMs = Math.min(maxMs, initialMs * 2 ** (attempts - 1)) * (1 - BACKOFF_JITTER * random());
  const askedMs = (error.retryAfterMs ?? 0) * (1 + ASKED_JITTER * random());
  const delayMs = Math.max(backoffMs, askedMs);
  return Date.now() + delayMs < deadline ? delayMs : undefined;
}
