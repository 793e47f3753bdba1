import { StoreError } from '../store-error.ts';
import { boundedCall, NoAnswerError } from './bounded-call.ts';

/**
 * Runs something of the journal that ends within a time, as `boundedCall` says.
 *
 * @throws the caller's reason when its signal aborts, else a StoreError for whatever was not a clean answer.
 */
export async function withinTime<T>(
  ms: number,
  callerSignal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await boundedCall({ timeoutMs: ms, signal: callerSignal }, work);
  } catch (error) {
    callerSignal?.throwIfAborted();
    if (error instanceof StoreError) {
      throw error;
    }
    const why = 'the journal cannot be reached or did not do what was asked';
    throw new StoreError('unreachable', error instanceof NoAnswerError ? error.message : why, error);
  }
}
