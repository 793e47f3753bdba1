import type { Call } from './call.ts';

/** The execution whose function runs ahead. */
export interface AheadHost {
  /** Whether a call whose record is on its way is all that the function awaits. */
  isAlone(call: Call): boolean;
  /** The log has what was given ahead: what was asked for meanwhile is begun. */
  onCaughtUp(): void;
  /** Something may stand in the log before what was given ahead: the run is followed anew, as the log has it. */
  startOver(): void;
}

/**
 * Gives results before the log is known to have them, where the function awaits nothing else by the time that it has to
 * wait: nothing that comes can then come between, and the log is the same. The function goes on and may end, so that its
 * end leaves with the record. What else it asks for is begun once the record is durable; until then nothing that it does
 * has an effect, so that a result that is lost with the worker was of no consequence.
 */
export class Ahead {
  readonly #host: AheadHost;
  /** Whose record was sent in this turn. */
  #sent: Call | undefined;
  #given: Call | undefined;

  constructor(host: AheadHost) {
    this.#host = host;
  }

  /** Whether the function knows something that may not be durable yet. */
  get isAhead(): boolean {
    return this.#given !== undefined;
  }

  /** A record of a call is on its way. */
  sent(call: Call): void {
    if (!this.#host.isAlone(call)) return;
    this.#sent = call;
    // By then the function has asked for all that it does not wait for.
    queueMicrotask(this.#give);
  }

  /** A record of a call is durable; `isNext`: nothing else is before it. Answers whether it was given ahead. */
  recorded(call: Call, isNext: boolean): boolean {
    if (this.#given !== call) return false;
    if (isNext) {
      this.#given = undefined;
      this.#host.onCaughtUp();
    } else {
      this.#host.startOver();
    }
    return true;
  }

  readonly #give = (): void => {
    const call = this.#sent;
    this.#sent = undefined;
    if (call === undefined || !this.#host.isAlone(call)) return;
    this.#given = call;
    if (!call.giveAhead()) this.#given = undefined;
  };
}
