/** Time as a partition sees it. Tests turn the hands of one of their own. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. It may jump either way. */
  now(): number;
  /** Milliseconds since some start; it never jumps. For waits and for leases. */
  monotonic(): number;
  /** Calls `fn` once after `ms` (0 to 2^31 − 1) of monotonic time, perhaps a little early. Answers how to call it off. */
  setTimer(ms: number, fn: () => void): () => void;
  /** Calls `fn` once in the next turn of the event loop, after the waiting I/O. Answers how to call it off. */
  setNextTurn(fn: () => void): () => void;
}
