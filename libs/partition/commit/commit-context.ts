/** What the commit loop needs of the world. */
export interface CommitContext {
  /** Sixteen random bytes. */
  newBatchId(): Uint8Array;
  /** Runs a function once the events that are at hand have been handled: everything that they ask for is one batch. */
  soon(run: () => void): void;
  /** Runs a function later, unless the answer is called before. */
  later(ms: number, run: () => void): () => void;
  /** Hears of a waiter that threw: a bug, which must not keep the others waiting. */
  onBug(error: unknown): void;
}

/** The real world. */
export function createCommitContext(newBatchId: () => Uint8Array, onBug: (error: unknown) => void): CommitContext {
  return {
    newBatchId,
    soon: (run) => {
      setImmediate(run);
    },
    later: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => {
        clearTimeout(timer);
      };
    },
    onBug,
  };
}
