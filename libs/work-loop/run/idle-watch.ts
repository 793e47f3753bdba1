import type { Clock } from '#libs/partition/timers/clock.ts';
import type { Call } from './call.ts';
import type { Turns, TurnWork } from './turns.ts';

/** The execution that is watched. */
export interface Watched {
  /** Nothing runs, nothing is on its way, and the function is told all that the log has. */
  readonly isQuiet: boolean;
  /** Why nothing new is begun. Absent: it is. */
  readonly holdReason: string | undefined;
  readonly calls: Iterable<Call>;
  readonly clock: Clock;
  /** Everything waits, and for long: the slot goes back. */
  onLongWait(): void;
  /** Nothing new is begun, and nothing else is left to do: the work goes back. */
  onHeld(reason: string): void;
}

/**
 * Finds out when everything that a function awaits waits for so long that it should not keep a slot: at once where it is
 * known how long that is, or else when it has been so for that long.
 */
export class IdleWatch implements TurnWork {
  readonly #turns: Turns;
  readonly #yieldMs: number;
  readonly #watched: Watched;
  #isAsked = false;
  #cancelTimer: (() => void) | undefined;

  constructor(turns: Turns, yieldMs: number, watched: Watched) {
    this.#turns = turns;
    this.#yieldMs = yieldMs;
    this.#watched = watched;
  }

  /** Perhaps everything waits now. What the function does about what it was just given, it does in this turn. */
  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#turns.next(this);
  }

  /** The function does something. */
  reset(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  onTurn(): void {
    this.#isAsked = false;
    this.#look(false);
  }

  #look(hasWaited: boolean): void {
    const { isQuiet, holdReason, calls, clock } = this.#watched;
    if (!isQuiet) return;
    if (holdReason !== undefined) {
      this.reset();
      this.#watched.onHeld(holdReason);
      return;
    }
    let dueTime = Number.POSITIVE_INFINITY;
    let isKnown = true;
    for (const call of calls) {
      if (call.state !== 'waiting') return;
      if (call.dueTime === Number.POSITIVE_INFINITY) isKnown = false;
      else if (call.dueTime < dueTime) dueTime = call.dueTime;
    }
    const isLong = isKnown ? dueTime - clock.monotonic() > this.#yieldMs : this.#yieldMs === 0;
    if (hasWaited || isLong) {
      this.reset();
      this.#watched.onLongWait();
    } else if (!isKnown) {
      this.#cancelTimer ??= clock.setTimer(this.#yieldMs, () => {
        this.#cancelTimer = undefined;
        this.#look(true);
      });
    }
  }
}
