import { JournalError } from '../journal/journal-error.ts';

/**
 * Runs something that ends within a time. The driver's own limits belong to whoever opened the client; with this one
 * every attempt ends in seconds, whatever those are. An attempt that is given up closes its connection, so that none
 * piles up.
 *
 * @throws the caller's reason when its signal aborts, else a JournalError for whatever was not a clean answer.
 */
export async function withinTime<T>(
  ms: number,
  callerSignal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new JournalError('unreachable', `no answer within ${ms} ms`)), ms);
  try {
    return await work(callerSignal === undefined ? timeout.signal : AbortSignal.any([callerSignal, timeout.signal]));
  } catch (error) {
    callerSignal?.throwIfAborted();
    throw error instanceof JournalError
      ? error
      : new JournalError('unreachable', 'the journal cannot be reached or did not do what was asked', error);
  } finally {
    clearTimeout(timer);
  }
}
