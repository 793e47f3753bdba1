import type { Principal } from './principal.ts';

/** What a call brings to prove who it is. */
export interface Credentials {
  /** The `authorization` header, absent when there is none. */
  readonly authorization: string | undefined;
  /** The address of the other end of the connection, without a port. */
  readonly peerAddress: string;
}

/** The port that tells who calls. */
export interface Authenticator {
  /** Whether who was let in may be sent away later: calls that last are then asked about again. Absent: no. */
  readonly isRevocable?: boolean;
  /**
   * Answers the principal; at once where it is known, so that a cached token costs no turn of the event loop.
   *
   * @throws UNAUTHENTICATED with one text for whatever is wrong.
   */
  authenticate(credentials: Credentials): Principal | Promise<Principal>;
}
