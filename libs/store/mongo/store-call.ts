import { DomainError } from '#libs/errors/domain-error.ts';
import { boundedCall, type CallBounds, NoAnswerError } from './bounded-call.ts';

/**
 * Makes a call of the driver, which ends within a time.
 *
 * @throws the caller's reason when its signal aborts; UNAVAILABLE, saying what of the store it was, for whatever the call
 * threw or when the time is up.
 */
export async function callStore<T>(
  what: string,
  bounds: CallBounds,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await boundedCall(bounds, call);
  } catch (error) {
    bounds.signal?.throwIfAborted();
    throw unavailableFrom(what, error);
  }
}

/** What an error of `boundedCall` means to whoever called something of the store. */
export function unavailableFrom(what: string, error: unknown): DomainError {
  const why =
    error instanceof NoAnswerError
      ? `gave no answer within ${error.timeoutMs} ms`
      : 'cannot be reached or did not do what was asked';
  return new DomainError('UNAVAILABLE', `${what} ${why}`, { cause: error });
}
