/** Whoever has something to do in the next turn. */
export interface TurnWork {
  onTurn(): void;
}

/** Counts turns of the event loop, for those who may do something once in each. */
export interface Turns {
  /** The number of this turn: the same until all that it leads to, but for timers and the network, has run. */
  current(): number;
  /** Calls in the next turn, in order. */
  next(work: TurnWork): void;
}

/** Makes a counter. It schedules one callback in a turn in which it is asked, and none in others. */
export function createTurns(): Turns {
  let turn = 1;
  let isScheduled = false;
  let waiting: TurnWork[] = [];

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(advance);
  }

  function advance(): void {
    isScheduled = false;
    turn += 1;
    const due = waiting;
    waiting = [];
    for (const work of due) work.onTurn();
  }

  return {
    current: () => {
      schedule();
      return turn;
    },
    next: (work) => {
      waiting.push(work);
      schedule();
    },
  };
}
