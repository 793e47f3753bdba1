import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { Call } from './call.ts';
import type { Turns, TurnWork } from './turns.ts';

/** What became of an entry of the log. */
export type Fed =
  /** Something was given to the function: nothing more in this turn. */
  | 'given'
  /** It was taken in. */
  | 'taken'
  /** The function has not come to it yet. */
  | 'blocked';

/** Whoever follows the log. */
export interface LogReader {
  /** An event of the log. */
  onEvent(event: Event): Fed;
  /** The log is at its end, as far as it is known. */
  onDrained(): void;
  /** The function has not come to this event. */
  onBlocked(event: Event): void;
  /** Whether there is more of the log than has been added. */
  readonly isBehind: boolean;
  /** What the function awaits. */
  readonly calls: { readonly size: number };
}

/**
 * How many entries stay back while there is more of the log: code that was added to a function has to know what comes
 * next, which may be behind as many records as were on their way at once. Those are no more than two of each open call.
 */
const MIN_HELD_BACK = 1_000;
const HELD_BACK_PER_CALL = 2;

/**
 * The log of a run as it reaches the function: entry by entry, and no more than one that gives it something in one turn of
 * the event loop. So what the function does between two of them never depends on how they came: one by one while it runs,
 * or all at once in a replay.
 */
export class LogFeed implements TurnWork {
  readonly #turns: Turns;
  readonly #reader: LogReader;
  #entries: (Event | Acknowledgement)[] = [];
  #head = 0;
  #givenTurn = 0;
  #isWaiting = false;
  #isRunning = false;
  /** Events whose payloads are on their way. */
  readonly #loading = new Set<Event>();

  constructor(turns: Turns, reader: LogReader) {
    this.#turns = turns;
    this.#reader = reader;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** What is here stays back, because too little of what follows it is. */
  get isHeldBack(): boolean {
    const { isBehind, calls } = this.#reader;
    return isBehind && this.#entries.length - this.#head <= Math.max(MIN_HELD_BACK, calls.size * HELD_BACK_PER_CALL);
  }

  /** The events that have not been taken in. */
  *ahead(): Generator<Event> {
    for (const entry of this.#entries.slice(this.#head)) if (!(entry instanceof Acknowledgement)) yield entry;
  }

  /** A record of a call is the next entry of the log. */
  acknowledge(call: Call, sequence: number): void {
    if (this.#entries.length > 0 || this.#isRunning || this.#givenTurn === this.#turns.current()) {
      this.#entries.push(new Acknowledgement(call, sequence));
      this.onNews();
    } else if (call.onRecorded(sequence)) {
      this.#givenTurn = this.#turns.current();
    }
  }

  /** The next entry of the log. It is given once `loaded` has resolved. */
  push(event: Event, loaded?: Promise<void>): void {
    this.#entries.push(event);
    if (loaded === undefined) return;
    this.#loading.add(event);
    void loaded.then(() => {
      this.#loading.delete(event);
      this.onNews();
    });
  }

  /** Entries were added. */
  onNews(): void {
    if (!this.#isRunning) this.#run();
  }

  /** The function asked for something: what it was blocked on may go on, in the next turn. */
  onAsked(): void {
    if (this.#entries.length > 0) this.#wait();
  }

  onTurn(): void {
    this.#isWaiting = false;
    if (!this.#isRunning) this.#run();
  }

  /** Nothing more is given. */
  stop(): void {
    this.#entries = [];
    this.#head = 0;
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#turns.next(this);
  }

  #run(): void {
    this.#isRunning = true;
    for (let entry = this.#entries[this.#head]; entry !== undefined; entry = this.#entries[this.#head]) {
      if (this.isHeldBack || (!(entry instanceof Acknowledgement) && this.#loading.has(entry))) {
        this.#isRunning = false;
        return;
      }
      if (this.#givenTurn === this.#turns.current()) {
        this.#isRunning = false;
        this.#wait();
        return;
      }
      const fed = entry instanceof Acknowledgement ? entry.feed() : this.#reader.onEvent(entry);
      if (fed === 'blocked') {
        this.#isRunning = false;
        if (!(entry instanceof Acknowledgement)) this.#reader.onBlocked(entry);
        return;
      }
      this.#head += 1;
      if (fed === 'given') this.#givenTurn = this.#turns.current();
    }
    this.stop();
    this.#isRunning = false;
    this.#reader.onDrained();
  }
}

/** A record that is durable, as an entry of the log. */
class Acknowledgement {
  readonly #call: Call;
  readonly #sequence: number;

  constructor(call: Call, sequence: number) {
    this.#call = call;
    this.#sequence = sequence;
  }

  feed(): Fed {
    return this.#call.state !== 'done' && this.#call.onRecorded(this.#sequence) ? 'given' : 'taken';
  }
}
