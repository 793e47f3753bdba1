import type { CallContext } from '../call-context.ts';
import type { HealthState } from './health-state.ts';

/** Tells a watcher the health of its service, `undefined` while it is not known; a promise means: wait for room. */
type Tell = (isServing: boolean | undefined) => Promise<void> | undefined;

/**
 * Tells the health of a service now and after every change, until the caller leaves or is sent away; it is told the
 * last status first. Nothing is queued: whoever reads slowly gets the newest status and misses those in between.
 */
export async function watchHealth(
  state: HealthState,
  service: string,
  { signal, goAway }: Pick<CallContext, 'signal' | 'goAway'>,
  tell: Tell,
): Promise<void> {
  let wake: (() => void) | undefined;
  const look = (): void => wake?.();
  const unsubscribe = state.subscribe((changed) => {
    if (changed === service) {
      look();
    }
  });
  signal.addEventListener('abort', look);
  goAway.addEventListener('abort', look);
  try {
    let told: boolean | undefined | 'nothing' = 'nothing';
    while (!signal.aborted) {
      const isServing = state.statuses.get(service);
      if (isServing !== told) {
        told = isServing;
        await tell(isServing);
      } else if (goAway.aborted) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', look);
    goAway.removeEventListener('abort', look);
  }
}
