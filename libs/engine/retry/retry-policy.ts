import type { Failure } from '../model/failure.ts';

/** When a failed attempt is tried again. Every field that is absent has the default of its constant. */
export interface RetryPolicy {
  /** How many tries there are in all, the first included. 1: never again. Default 3. */
  readonly maxAttempts?: number;
  /** The wait before the second attempt. Default 1 s. */
  readonly initialIntervalMs?: number;
  /** How the wait grows. Default exponential. */
  readonly backoff?: 'exponential' | 'linear' | 'fixed';
  /** The factor of exponential back-off. Default 2. */
  readonly multiplier?: number;
  /** No wait is longer. Default 60 s. */
  readonly maxIntervalMs?: number;
  /** How far a wait strays at random, as a part of itself, up and down. 0 to 1, default 0.2. */
  readonly jitter?: number;
  /** Error types that are final at once. */
  readonly nonRetryable?: readonly string[];
}

/** How many tries there are in all where the policy does not say. */
const MAX_ATTEMPTS: number = 3;
/** The first wait where the policy does not say. */
const INITIAL_INTERVAL_MS: number = 1_000;
/** The longest wait where the policy does not say. */
const MAX_INTERVAL_MS: number = 60_000;
/** The spread where the policy does not say. */
const JITTER: number = 0.2;

/**
 * How long to wait after the attempt `attempt` (from 1) has failed with `failure`, or undefined when the failure is
 * final. `random` is a number from 0 up to, but not including, 1. Jitter is applied first, then the cap, so that no wait
 * is ever longer than `maxIntervalMs`. Waits are whole milliseconds.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  failure: Failure,
  random: number,
): number | undefined {
  if (failure.nonRetryable || policy.nonRetryable?.includes(failure.type) === true) return undefined;
  if (attempt >= (policy.maxAttempts ?? MAX_ATTEMPTS)) return undefined;
  const jitter = policy.jitter ?? JITTER;
  const spread = 1 + jitter * (2 * random - 1);
  return Math.round(Math.min(policy.maxIntervalMs ?? MAX_INTERVAL_MS, growth(policy, attempt) * spread));
}

function growth(policy: RetryPolicy, attempt: number): number {
  const initial = policy.initialIntervalMs ?? INITIAL_INTERVAL_MS;
  switch (policy.backoff ?? 'exponential') {
    case 'exponential':
      return initial * (policy.multiplier ?? 2) ** (attempt - 1);
    case 'linear':
      return initial * attempt;
    case 'fixed':
      return initial;
  }
}

/** No back-off after an expired lease is longer. */
const MAX_EXPIRY_BACKOFF_MS: number = 64_000;

/** How long an item waits after its lease has expired for the `expiries`th time (from 1): 2^n s, at most 64 s. */
export function expiryBackoffMs(expiries: number): number {
  return Math.min(MAX_EXPIRY_BACKOFF_MS, 1_000 * 2 ** expiries);
}
