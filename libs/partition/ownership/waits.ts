import { DomainError } from '#libs/errors/domain-error.ts';
import type { Clock } from '../timers/clock.ts';

/** Waits on a clock. Rejects with the signal's reason when it aborts. */
export function sleepOn(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return interruptible(signal, (resolve) => clock.setTimer(ms, resolve));
}

/**
 * Waits for what somebody else does, or for a signal, whichever comes first. What comes later is dropped.
 *
 * @throws the signal's reason when it aborts.
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await interruptible(signal, (resolve, reject) => {
    work.then(resolve, reject);
    return undefined;
  });
}

/** Waits for a callback, or for a signal. `start` answers how to stop waiting. */
export function interruptible<T>(
  signal: AbortSignal,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => (() => void) | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stops: (() => void)[] = [];
    const onAbort = (): void => {
      for (const stop of stops) stop();
      reject(signal.reason as Error);
    };
    const end = (): void => signal.removeEventListener('abort', onAbort);
    signal.addEventListener('abort', onAbort, { once: true });
    const stop = start(
      (value) => {
        end();
        resolve(value);
      },
      (error) => {
        end();
        reject(error as Error);
      },
    );
    if (stop !== undefined) stops.push(stop);
  });
}

/** What ends work for a partition that this node is not to own any more. */
export function movedOn(partition: number): DomainError {
  return new DomainError('UNAVAILABLE', `partition ${partition} is not owned any more`, { retryAfterMs: 250 });
}
