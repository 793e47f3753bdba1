import type { Authenticator } from '#libs/auth/authenticator.ts';
import type { TenantGate } from '#libs/auth/tenant-gate.ts';
import type { DomainError } from '#libs/errors/domain-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { CallObserver, RpcLimits } from '../server-options.ts';

/** What a drain does to a call that is under way. */
export interface LiveCall {
  /** Asks a stream to end soon. */
  sendAway(): void;
  /** Ends the call with an error. */
  abort(reason: DomainError): void;
  /** Looks again whether the caller may still be served, and ends the call if not. */
  checkAgain(): void;
}

/** What all calls of a server share, whichever door they come through. */
export interface CallRuntime {
  readonly authenticator: Authenticator;
  /** Absent: every tenant is served. */
  readonly tenants?: TenantGate;
  readonly limits: RpcLimits;
  readonly log: Logger;
  readonly observer: CallObserver | undefined;
  /** The calls that are under way. */
  readonly calls: Set<LiveCall>;
  /** Whether the process drains: streams that open now are told to go away at once. */
  isDraining: boolean;
}

/** What a door knows of a call before anything of it was read. */
export interface IncomingCall {
  readonly door: 'grpc' | 'http';
  readonly peerAddress: string;
  /** How long the caller waits, if it says so. */
  readonly timeoutMs: number | undefined;
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined;
}
