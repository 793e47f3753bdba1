import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoreError } from '../store-error.ts';
import { BATCH_ID_BYTES } from './record-format.ts';

/** What a journal needs of the world. */
export interface JournalContext {
  /** Sixteen random bytes. */
  newBatchId(): Uint8Array;
  /** A number from 0 up to 1, to spread waits. */
  random(): number;
  /** Waits; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /**
   * Hears why an attempt did not end cleanly, for log, metrics and health. After `isFinal` every call fails; when it is
   * `broken`, the process must end and recover. [journal.md 9]
   */
  onTrouble(error: StoreError): void;
}

/** The real time and randomness. */
export function createJournalContext(onTrouble: (error: StoreError) => void): JournalContext {
  return {
    newBatchId: () => randomBytes(BATCH_ID_BYTES),
    random: Math.random,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      await delay(ms, undefined, { signal }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw error;
      });
    },
    onTrouble,
  };
}
