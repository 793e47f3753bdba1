/** Takes the turn for a key, after everybody who asked before; what it answers gives the turn to the next one. */
export type KeyLocks = (key: string) => Promise<() => void>;

/** Makes locks by key: at most one holder each, in the order of asking. A key that nobody uses costs nothing. */
export function createKeyLocks(): KeyLocks {
  const tails = new Map<string, Promise<void>>();
  return async (key) => {
    const before = tails.get(key);
    const turn = Promise.withResolvers<void>();
    tails.set(key, turn.promise);
    await before;
    return () => {
      if (tails.get(key) === turn.promise) {
        tails.delete(key);
      }
      turn.resolve();
    };
  };
}
