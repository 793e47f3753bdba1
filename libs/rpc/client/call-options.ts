import { randomUUID } from 'node:crypto';
import type { CallContext } from '../call-context.ts';
import { DEFAULT_RPC_LIMITS } from '../server-options.ts';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry-policy.ts';

/** What a single call may say. */
export interface CallOptions {
  /** Ends the call when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long the caller waits, repeats included. Default for unary calls: the client's. Streams have no deadline
   * unless they name one here.
   */
  readonly deadlineMs?: number | undefined;
  /** The `x-request-id` to send, 1–128 visible ASCII characters. Default: the parent's, or else none. */
  readonly requestId?: string | undefined;
  /**
   * The call that is served by making this one: its remaining time caps the deadline, its end ends this call, its
   * request id and trace context are passed on.
   */
  readonly parent?: ParentCall | undefined;
  /** Over how many nodes the call has come with this one. Default 0. */
  readonly hops?: number | undefined;
}

/** What a call takes over from the one that it serves. */
export type ParentCall = Pick<CallContext, 'remainingMs' | 'signal' | 'requestId' | 'trace'>;

/** What all calls of a client share. */
export interface ClientOptions {
  /** The deadline of a unary call that names none. Default 30 000. */
  readonly deadlineMs?: number;
  /** How calls that are safe to repeat are repeated. */
  readonly retry?: Partial<RetryPolicy>;
  /** Where jitter comes from: numbers from 0 up to 1. Default Math.random. */
  readonly random?: () => number;
  /** Makes the `request_id` of requests that have such a field and leave it empty. Default: random UUIDs. */
  readonly newRequestId?: () => string;
}

/** Client options with nothing left open. */
export interface CompleteClientOptions extends Required<Omit<ClientOptions, 'retry'>> {
  readonly retry: RetryPolicy;
}

/** Fills in the defaults. */
export function completeClientOptions(options: ClientOptions): CompleteClientOptions {
  return {
    deadlineMs: options.deadlineMs ?? DEFAULT_RPC_LIMITS.defaultDeadlineMs,
    retry: { ...DEFAULT_RETRY_POLICY, ...options.retry },
    random: options.random ?? Math.random,
    newRequestId: options.newRequestId ?? randomUUID,
  };
}

/**
 * The point in time, as `Date.now()` counts, at which a call is given up; Infinity for never. `otherwiseMs` counts
 * where the call names no deadline.
 */
export function deadlineOf({ deadlineMs, parent }: CallOptions, otherwiseMs: number): number {
  const ownMs = deadlineMs ?? otherwiseMs;
  const parentMs = parent?.remainingMs ?? Number.POSITIVE_INFINITY;
  return Date.now() + Math.min(ownMs, parentMs);
}
