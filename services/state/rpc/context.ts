import { DomainError } from '#libs/errors/domain-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { StateStore } from '#libs/store/store.ts';

/** Bytes of a payload at most, where nobody says otherwise. */
export const MAX_PAYLOAD_BYTES: number = 32 * 1024 * 1024;

/** What the RPCs of the state service need of the world. */
export interface StateContext {
  readonly store: StateStore;
  readonly log: Logger;
  /** Milliseconds of Unix time. */
  readonly nowMs: () => number;
  /** An id that nobody else has. */
  readonly newId: () => string;
  /** Bytes of a payload at most. */
  readonly maxPayloadBytes: number;
}

/** Stands where only the list of RPCs is asked for: nothing is open, and a call that needs something is refused. */
export const NOTHING_OPEN: StateContext = {
  get store(): never {
    return refuse();
  },
  get log(): never {
    return refuse();
  },
  nowMs: refuse,
  newId: refuse,
  maxPayloadBytes: MAX_PAYLOAD_BYTES,
};

function refuse(): never {
  throw new DomainError('UNAVAILABLE', 'the store is not open');
}
