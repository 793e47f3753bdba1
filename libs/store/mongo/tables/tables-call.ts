import { MongoError } from 'mongodb';
import { TablesError } from '#libs/store/tables/tables-error.ts';

/**
 * Makes a call of the driver, which ends within a time: the driver itself waits for ever for an answer that a broken
 * network swallowed. A call that is given up closes its connection, so that none piles up.
 *
 * @throws the caller's reason when its signal aborts, a TablesError for an error of the driver or when the time is up,
 * else what the call threw.
 */
export async function callTables<T>(
  { timeoutMs }: { readonly timeoutMs: number },
  call: (signal: AbortSignal) => Promise<T>,
  callerSignal?: AbortSignal,
): Promise<T> {
  const timeout = new AbortController();
  const timer = setTimeout(
    () => timeout.abort(new TablesError('unreachable', `the tables gave no answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    callerSignal?.throwIfAborted();
    return await call(callerSignal === undefined ? timeout.signal : AbortSignal.any([callerSignal, timeout.signal]));
  } catch (error) {
    callerSignal?.throwIfAborted();
    throw tablesErrorFromMongo(error);
  } finally {
    clearTimeout(timer);
  }
}

/** What an error of the driver means to whoever uses the tables. What is none comes back as it is. */
export function tablesErrorFromMongo(error: unknown): unknown {
  return error instanceof MongoError
    ? new TablesError('unreachable', 'the tables cannot be reached or did not do what was asked', error)
    : error;
}
