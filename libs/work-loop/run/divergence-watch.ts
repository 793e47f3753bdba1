import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { keyOfStep } from '../values/step-key.ts';
import type { Call } from './call.ts';
import { describeCall, describeRecord, maybeRecord } from './describe-event.ts';
import type { OpenCalls } from './open-calls.ts';

/** The replay that is watched. */
export interface Replay {
  readonly calls: OpenCalls;
  /** Whether the function has ended. */
  readonly hasEnded: boolean;
  /** Whether there is more of the log than is ahead. */
  readonly isBehind: boolean;
  /** The events that the function has not come to. */
  ahead(): Iterable<Event>;
  onDiverged(expectedStep: string, foundStep: string): void;
}

/** How long a function that asks for what the log has further on may leave out what comes before it, in times of grace. */
const LEFT_OUT_GRACES = 5;

/**
 * Finds out when a function does something else than the log says: at once where it has ended, or asks for the same name as
 * something else. Where it asks for what the log does not have, it may still come to what the log has, because code between
 * steps may wait for other things; so that is given some time. Where it asks for what the log has further on, branches of
 * it may be at different places; so that is given more.
 */
export class DivergenceWatch {
  readonly #replay: Replay;
  readonly #graceMs: number;
  #blockedOn: Event | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** How often in a row the function was found where it is. */
  #looks = 0;

  constructor(replay: Replay, graceMs: number) {
    this.#replay = replay;
    this.#graceMs = graceMs;
  }

  /** The log waits for the function. */
  get isBlocked(): boolean {
    return this.#blockedOn !== undefined;
  }

  /** The function has not come to this event. */
  block(event: Event): void {
    if (this.#blockedOn !== event) this.#looks = 0;
    this.#blockedOn = event;
    const record = maybeRecord(event.kind);
    if (record === undefined) return;
    const call = this.#replay.calls.maybeCall(keyOfStep(record.step));
    if (call !== undefined) this.#diverge(event, describeCall(call));
    else if (this.#replay.hasEnded) this.#diverge(event, 'the end of the function');
    else this.#wait(event);
  }

  /** The function has come to all that the log has. */
  clear(): void {
    this.#blockedOn = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(event: Event): void {
    if (this.#timer !== undefined || this.#replay.calls.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const blockedOn = this.#blockedOn;
      if (blockedOn === undefined) return;
      const stray = blockedOn === event && !this.#replay.isBehind ? this.#maybeStray() : undefined;
      if (stray === undefined) this.#wait(blockedOn);
      else this.#diverge(event, describeCall(stray));
    }, this.#graceMs);
  }

  /** A call that the rest of the log knows nothing of, or in the end one that leaves out what the log has before it. */
  #maybeStray(): Call | undefined {
    const made = Array.from(this.#replay.calls).filter(({ state }) => state === 'made');
    const ahead = new Set(Array.from(this.#replay.ahead(), ({ kind }) => keyOfStep(maybeRecord(kind)?.step)));
    this.#looks += 1;
    const stray = made.find(({ key }) => !ahead.has(key));
    return stray ?? (this.#looks >= LEFT_OUT_GRACES ? made[0] : undefined);
  }

  #diverge({ kind }: Event, foundStep: string): void {
    this.clear();
    const record = maybeRecord(kind);
    if (record !== undefined) this.#replay.onDiverged(describeRecord(kind, record.step), foundStep);
  }
}
