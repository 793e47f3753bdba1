import type { Duration } from '@bufbuild/protobuf/wkt';
import type { LeaseExpiry } from '#libs/engine/model/lease.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';

/** How long a claim holds where nobody says. */
export const DEFAULT_CLAIM_MS: number = 30_000;

/** What a request says of how long a claim holds. */
export type ExpiryWish =
  | { readonly case: 'ttl'; readonly value: Duration }
  | { readonly case: 'noExpiry'; readonly value: boolean }
  | { readonly case: undefined; readonly value?: undefined };

/** How long a claim holds: as was asked; else by the heartbeats of its session, and without one for 30 s. */
export function expiryFrom(wish: ExpiryWish, sessionId: string): LeaseExpiry {
  switch (wish.case) {
    case 'ttl':
      return { kind: 'ttl', ttlMs: maybeMsFromDuration(wish.value) ?? DEFAULT_CLAIM_MS };
    case 'noExpiry':
      return { kind: 'noExpiry' };
    case undefined:
      return sessionId === '' ? { kind: 'ttl', ttlMs: DEFAULT_CLAIM_MS } : { kind: 'heartbeat' };
  }
}
