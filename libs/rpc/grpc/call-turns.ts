/** How many calls begin before the answers to them may go: with half as many every answer costs more, twice are too many. */
export const CALLS_PER_TURN = 16;

/** Begins calls a few at a time. */
export interface CallTurns {
  /** Begins a call now, or in a later turn of the event loop when many came at once. Calls begin in order. */
  begin(call: () => void): void;
}

/**
 * Makes the turns of a server. Calls that come together on a connection would all be handled before the first of their
 * answers is sent; their caller has nothing to do meanwhile, and then the server has nothing while the caller works.
 */
export function createCallTurns(): CallTurns {
  const waiting: (() => void)[] = [];
  let left = CALLS_PER_TURN;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(turn);
  }

  function turn(): void {
    isScheduled = false;
    const calls = waiting.splice(0, CALLS_PER_TURN);
    left = CALLS_PER_TURN - calls.length;
    if (calls.length > 0) schedule();
    for (const call of calls) call();
  }

  return {
    begin: (call) => {
      schedule();
      if (left > 0 && waiting.length === 0) {
        left -= 1;
        call();
      } else {
        waiting.push(call);
      }
    },
  };
}
