import type { KeyLocks } from '../payloads/key-locks.ts';

/**
 * Takes the turn for a key, unless the signal aborts first. What it answers gives the turn to the next one.
 *
 * @throws the reason of the signal.
 */
export async function takeTurn(locks: KeyLocks, key: string, signal: AbortSignal): Promise<() => void> {
  signal.throwIfAborted();
  const turn = locks(key);
  const { promise: isGone, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([turn, isGone]);
  } catch (error) {
    // The turn comes all the same, and somebody may wait behind it.
    void turn.then((giveOn) => giveOn());
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
