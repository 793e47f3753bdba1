import type { Principal } from '#libs/auth/principal.ts';
import type { Logger } from '#libs/logger/logger.ts';

/** The W3C trace context that a call came with; it is passed on as it is. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

/** What a handler knows about the call that it serves, whichever door the call came through. */
export interface CallContext {
  readonly principal: Principal;
  /** The tenant that the call is about: the one that the request names, or the token's. */
  readonly tenantId: string;
  /** The `x-request-id` of the call, or one made for it. It is in every log line and in the answer. */
  readonly requestId: string;
  /** Milliseconds that the caller still waits; absent for streams, which have no deadline. */
  readonly remainingMs: number | undefined;
  /** Aborts when the caller goes away, the deadline passes or the process gives up draining. */
  readonly signal: AbortSignal;
  /**
   * Streams only: aborts when the stream should end soon, because it is old or the process drains. The handler tells
   * the caller to come back and returns; after the grace period the stream is cut.
   */
  readonly goAway: AbortSignal;
  readonly trace: TraceContext | undefined;
  /** Over how many nodes of this service the call came: 0 from a caller outside. */
  readonly hops: number;
  /** Carries method, request id, tenant and trace id. */
  readonly log: Logger;
}
