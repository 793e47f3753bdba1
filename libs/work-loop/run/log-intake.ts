import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { Assignment, HistoryChunk } from '#gen/millrace/state/v1/work_down_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { SentRecord } from '../link/sent-frames.ts';
import type { Call } from './call.ts';
import type { RunFacts } from './function-run.ts';
import { LogFeed, type LogReader } from './log-feed.ts';
import { LogPosition } from './log-position.ts';
import type { OpenCalls } from './open-calls.ts';
import { maybeAway, type PayloadLoader } from './payload-loader.ts';
import type { Turns } from './turns.ts';

/** Who the log of a run comes in for. */
export interface IntakeHost extends LogReader {
  readonly calls: OpenCalls;
  /** Asks for the events after one. */
  recall(afterSequence: number): void;
  readonly facts: RunFacts;
  /** The log does not come as it should. */
  refused(error: DomainError): void;
  /** A payload that the log names cannot be had now. */
  unreadable(error: DomainError): void;
}

/** How the log of a run comes in: from assignments, by itself and where it was asked for, into the feed of its function. */
export class LogIntake {
  readonly #host: IntakeHost;
  readonly #loader: PayloadLoader | undefined;
  readonly #feed: LogFeed;
  readonly #position: LogPosition;

  /** `loader` gets payloads that the log names. Absent: references are what the function is given. */
  constructor(host: IntakeHost, turns: Turns, loader: PayloadLoader | undefined) {
    this.#host = host;
    this.#loader = loader;
    this.#position = new LogPosition((after) => host.recall(after));
    this.#feed = new LogFeed(turns, host);
  }

  /** Everything up to this event has been heard of. */
  get heard(): number {
    return this.#position.heard;
  }

  /** Whether there is more of the log. */
  get isBehind(): boolean {
    return this.#position.isBehind;
  }

  /** Whether enough of the log is here to say what the function comes to next. */
  get showsNext(): boolean {
    return !this.#feed.isHeldBack;
  }

  /** Whether the function was given all that has come. */
  get isEmpty(): boolean {
    return this.#feed.isEmpty;
  }

  /** The events that the function has not come to. */
  ahead(): Iterable<Event> {
    return this.#feed.ahead();
  }

  /** The function asked for something. */
  onAsked(): void {
    this.#feed.onAsked();
  }

  /** Nothing more is given. */
  stop(): void {
    this.#feed.stop();
  }

  /** Takes what an assignment says of the log, and asks for what it lacks. */
  assigned({ history, historyTruncated, lastSequence, stepCount, cancelling }: Assignment): void {
    for (const event of history) this.#push(event);
    const isWhole =
      history.length > 0 ? !historyTruncated : this.#position.heard === 0 && stepCount === 0 && !cancelling;
    if (isWhole) this.#position.reach(Number(lastSequence));
    else this.#position.expect(Number(lastSequence));
    this.#feed.onNews();
  }

  /** A record of a call is durable. */
  recorded(call: Call, ordinal: number, sequence: number, isExact: boolean): void {
    if (!this.#position.acknowledge(ordinal, sequence, isExact, call.mayBringNews)) return;
    if (call.state !== 'done') this.#feed.acknowledge(call, sequence);
  }

  /** Something came by itself. */
  woken(events: readonly Event[], lastSequence: number): void {
    const position = this.#position;
    if (position.isBehind) {
      position.expect(lastSequence);
      return;
    }
    const missing = this.#pushAll(events);
    if (missing !== undefined) position.expect(lastSequence, missing - 1);
    this.#feed.onNews();
  }

  /** What was asked for. */
  recalled({ events, last }: HistoryChunk): void {
    const missing = this.#position.isLacking ? undefined : this.#pushAll(events);
    if (missing !== undefined && !this.#position.lack(missing)) {
      this.#host.refused(new DomainError('INTERNAL', `event ${missing} of the log was asked for and did not come`));
      return;
    }
    if (last) this.#position.onLast();
    this.#feed.onNews();
  }

  /** The assignment goes on over another stream, which says what is durable. */
  moved(durable: readonly SentRecord[], lastSequence: number): void {
    let sequence = this.#position.heard;
    if (this.#position.isBehind || lastSequence - sequence !== durable.length) {
      if (lastSequence > sequence) this.#position.expect(lastSequence);
      return;
    }
    // As many events as records: each is one of them.
    for (const { owner, ordinal } of durable) {
      sequence += 1;
      owner.recorded(ordinal, sequence, true);
    }
  }

  /** Something happened that an event tells of: it came before this, or it is asked for. */
  lookAgain(): void {
    if (this.#feed.isEmpty) this.#position.expect(this.#position.heard);
  }

  /** Takes events up to one that is news and carries what another event has, which was never seen: answers that one. */
  #pushAll(events: readonly Event[]): number | undefined {
    for (const event of events) {
      const isNews = Number(event.sequence) > this.#position.heard;
      const missing = isNews ? this.#host.calls.maybeMissing(event.kind) : undefined;
      if (missing !== undefined) return missing;
      this.#push(event);
    }
    return undefined;
  }

  #push(event: Event): void {
    // At once: what consumes it may be the next event.
    this.#host.calls.remember(event);
    if (!this.#position.take(event)) return;
    const payload = this.#loader === undefined ? undefined : maybeAway(event);
    this.#feed.push(event, payload && this.#load(payload));
  }

  async #load(payload: Payload): Promise<void> {
    try {
      await this.#loader?.(payload, this.#host.facts);
    } catch (error) {
      this.#host.unreadable(new DomainError('UNAVAILABLE', 'a payload of the run was not read', { cause: error }));
    }
  }
}
