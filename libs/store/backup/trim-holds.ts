import type { Journal } from '../journal/journal.ts';

/** A hold on trimming, until it is disposed. */
export interface TrimHold extends AsyncDisposable {
  /** Aborts when the hold could not be kept up: what was to be kept may be trimmed from now on. */
  readonly lost: AbortSignal;
}

/**
 * Keeps records in the journal while a backup is being written: it reads a checkpoint first and the records after it
 * last, and meanwhile newer checkpoints would let them be trimmed.
 */
export interface TrimHolds {
  /**
   * Begins a hold. Once it answers, no owner begins to trim; one that has begun trims no more than checkpoints allow
   * that are there already.
   */
  hold(signal: AbortSignal): Promise<TrimHold>;
  isHeld(): Promise<boolean>;
}

/** Holds of a store that only this process writes to. */
export function createLocalHolds(): TrimHolds {
  let count = 0;
  return {
    async hold(signal) {
      signal.throwIfAborted();
      count += 1;
      let isOpen = true;
      return {
        lost: NEVER,
        async [Symbol.asyncDispose]() {
          count -= isOpen ? 1 : 0;
          isOpen = false;
        },
      };
    },
    isHeld: async () => count > 0,
  };
}

const NEVER: AbortSignal = new AbortController().signal;

/** The journal of a store with holds: a trim under a hold deletes nothing, and the next one after it catches up. */
export function heldJournal(journal: Journal, holds: TrimHolds): Journal {
  return {
    ...journal,
    async trim(partition, upTo, signal) {
      signal.throwIfAborted();
      if (!(await holds.isHeld())) {
        await journal.trim(partition, upTo, signal);
      }
    },
  };
}
