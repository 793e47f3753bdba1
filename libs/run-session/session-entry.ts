import type {
  SessionAccepted,
  SessionControl,
  SessionEnded,
  SessionSignal,
  SessionStart,
  SessionStarted,
  SessionWait,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { LazyPromise } from './lazy-promise.ts';

/** A frame of a session's entry. */
export type EntryFrame = SessionStart | SessionWait | SessionSignal | SessionControl;

/** Something that was asked over a session and has not had its last answer. */
export interface SessionEntry {
  readonly call: number;
  /** When it was made, of a clock that only goes forward. */
  readonly madeMs: number;
  /** What to send: at first, and again over another stream. */
  readonly frame: EntryFrame;
  /** Whether the server keeps it until a run ends. */
  readonly isWaiting: boolean;
  /** When it was last sent, of the same clock; when it was made, where that has not happened. */
  sentMs: number;
  /** How often in a row it was refused for now. */
  refusals: number;
  fail(error: unknown): void;
  /** Takes it out of the signal of its caller. */
  release: () => void;
}

/** A run to start, and perhaps to wait for. */
export class StartEntry implements SessionEntry {
  readonly call: number;
  readonly madeMs: number;
  readonly started: LazyPromise<SessionStarted> = new LazyPromise();
  readonly ended: LazyPromise<SessionEnded> = new LazyPromise();
  sentMs: number;
  refusals = 0;
  release: () => void = doNothing;
  #frame: SessionStart | SessionWait;

  constructor(frame: SessionStart, madeMs: number) {
    this.call = frame.call;
    this.madeMs = madeMs;
    this.sentMs = madeMs;
    this.#frame = frame;
  }

  get frame(): SessionStart | SessionWait {
    return this.#frame;
  }

  get isWaiting(): boolean {
    return this.#frame.$typeName === 'millrace.state.v1.SessionWait';
  }

  /** It has started. Answers whether that was its last answer. */
  onStarted(started: SessionStarted): boolean {
    const frame = this.#frame;
    this.refusals = 0;
    this.started.resolve(started);
    if (frame.$typeName === 'millrace.state.v1.SessionWait') return false;
    if (!frame.wait) return true;
    const { call, runId, incarnation } = started;
    this.#frame = { $typeName: 'millrace.state.v1.SessionWait', call, runId, incarnation };
    return false;
  }

  fail(error: unknown): void {
    this.started.reject(error);
    this.ended.reject(error);
  }
}

/** A run to wait for. */
export class WaitEntry implements SessionEntry {
  readonly call: number;
  readonly madeMs: number;
  readonly frame: SessionWait;
  readonly isWaiting = true;
  readonly ended: LazyPromise<SessionEnded> = new LazyPromise();
  sentMs: number;
  refusals = 0;
  release: () => void = doNothing;

  constructor(frame: SessionWait, madeMs: number) {
    this.call = frame.call;
    this.madeMs = madeMs;
    this.sentMs = madeMs;
    this.frame = frame;
  }

  fail(error: unknown): void {
    this.ended.reject(error);
  }
}

/** A signal or control to send. */
export class SendEntry implements SessionEntry {
  readonly call: number;
  readonly madeMs: number;
  readonly frame: SessionSignal | SessionControl;
  readonly isWaiting = false;
  readonly accepted: LazyPromise<SessionAccepted> = new LazyPromise();
  sentMs: number;
  refusals = 0;
  release: () => void = doNothing;

  constructor(frame: SessionSignal | SessionControl, madeMs: number) {
    this.call = frame.call;
    this.madeMs = madeMs;
    this.sentMs = madeMs;
    this.frame = frame;
  }

  fail(error: unknown): void {
    this.accepted.reject(error);
  }
}

function doNothing(): void {}
