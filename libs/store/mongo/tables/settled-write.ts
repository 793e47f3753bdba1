import { StoreError } from '#libs/store/store-error.ts';

/** What a write did: `done`, `refused` for certain, or nothing that is known. */
export type WriteOutcome = 'done' | 'refused' | 'unknown';

/** A write of one row that may be tried again. */
export interface SettledWrite {
  /** Tries once. Answers whether it was done; `false` is a refusal of the server's, not a guess. */
  readonly attempt: () => Promise<boolean>;
  /** Reads what stands there now: whether it has this write's mark, rules it out, or leaves it open. */
  readonly readBack: () => Promise<WriteOutcome>;
}

/** Tries after which the first error is passed on. Each waits for a server to be there, as long as the client says. */
const MAX_ATTEMPTS = 3;

/**
 * Does a write and answers whether it was done. After an error the row is read back before anything is said: a repeat
 * never takes its own first success for that of another, and a write that may still arrive is never called refused.
 *
 * @throws the error of the last attempt when the outcome stays unknown.
 */
export async function settleWrite({ attempt, readBack }: SettledWrite): Promise<boolean> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      const isDone = await attempt();
      return isDone || (attempts > 1 && (await readBack()) === 'done');
    } catch (error) {
      if (!(error instanceof StoreError)) {
        throw error;
      }
      const outcome = await readBack();
      if (outcome !== 'unknown') {
        return outcome === 'done';
      }
      if (attempts === MAX_ATTEMPTS) {
        throw error;
      }
    }
  }
}
