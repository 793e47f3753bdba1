import { MongoError } from 'mongodb';
import { StoreError } from '#libs/store/store-error.ts';
import { boundedCall, NoAnswerError } from '../bounded-call.ts';

/**
 * Makes a call of the driver, which ends within a time, as `boundedCall` says.
 *
 * @throws the caller's reason when its signal aborts, a StoreError for an error of the driver or when the time is up,
 * else what the call threw.
 */
export async function callTables<T>(
  { timeoutMs }: { readonly timeoutMs: number },
  call: (signal: AbortSignal) => Promise<T>,
  callerSignal?: AbortSignal,
): Promise<T> {
  try {
    return await boundedCall({ timeoutMs, signal: callerSignal }, call);
  } catch (error) {
    callerSignal?.throwIfAborted();
    throw tablesErrorFromMongo(error);
  }
}

/** What an error of a call means to whoever uses the tables. What is none of the driver's comes back as it is. */
export function tablesErrorFromMongo(error: unknown): unknown {
  if (error instanceof NoAnswerError) {
    return new StoreError('unreachable', `the tables gave no answer within ${error.timeoutMs} ms`, error);
  }
  return error instanceof MongoError
    ? new StoreError('unreachable', 'the tables cannot be reached or did not do what was asked', error)
    : error;
}
