/** How long a call of a few small rows may take. */
export const CALL_TIMEOUT_MS = 10_000;
/** How long making or dropping a collection or an index may take; some servers take a tenth of a second for an empty one. */
export const SCHEMA_TIMEOUT_MS = 60_000;

/** A call of the driver got no answer in time. What it was to do may have been done, or may still be. */
export class NoAnswerError extends Error {
  /** The time that it had. */
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
    this.name = 'NoAnswerError';
    this.timeoutMs = timeoutMs;
  }
}

/** What ends a call before its answer. */
export interface CallBounds {
  readonly timeoutMs: number;
  /** The caller's. None by default. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a call of the driver that ends within a time. The driver's own limits belong to whoever opened the client, and
 * without them it waits for ever for an answer that a broken network swallowed. The call passes the signal that it gets
 * on to the driver, which then closes the connection of a call that is given up, so that none piles up.
 *
 * It ends in time whatever the driver does: cursors are closed by calls that heed no signal.
 *
 * @throws the caller's reason when its signal aborts, NoAnswerError when the time is up, else what the call threw.
 */
export async function boundedCall<T>(
  { timeoutMs, signal: callerSignal }: CallBounds,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  callerSignal?.throwIfAborted();
  const timeout = new AbortController();
  const signal = callerSignal === undefined ? timeout.signal : AbortSignal.any([callerSignal, timeout.signal]);
  const givenUp = Promise.withResolvers<never>();
  const giveUp = (): void => givenUp.reject(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  const timer = setTimeout(() => timeout.abort(new NoAnswerError(timeoutMs)), timeoutMs);
  try {
    return await Promise.race([call(signal), givenUp.promise]);
  } catch (error) {
    callerSignal?.throwIfAborted();
    timeout.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}
