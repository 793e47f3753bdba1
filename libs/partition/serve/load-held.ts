import type { RunKey } from '#libs/store/tables/keys.ts';
import { ask } from './ask.ts';
import type { Partition } from './partition.ts';

/** Runs that are loaded at once: few, because callers wait for theirs meanwhile. */
const MAX_LOADS = 16;

/**
 * Brings runs into memory that workers may hold, so that a session is known to hold what it holds, as far as rows tell. One
 * that cannot be loaded is left to its time.
 */
export async function loadHeld(partition: Partition, keys: readonly RunKey[], signal: AbortSignal): Promise<void> {
  const waiting = keys.values();
  const work = async (): Promise<void> => {
    for (const key of waiting) {
      if (signal.aborted) return;
      await ask(partition, key, { intent: 'read', act: () => undefined }).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: MAX_LOADS }, work));
}
