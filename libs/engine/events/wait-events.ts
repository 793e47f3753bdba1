import type { Attributes } from '../model/attribute.ts';
import type { Failure } from '../model/failure.ts';
import type { ChildMode } from '../model/parent.ts';
import type { Payload } from '../model/payload.ts';
import type { ForeignRejection } from '../model/rejection.ts';
import type { TerminalStatus } from '../model/status.ts';
import type { StepId } from '../model/step-id.ts';

/** A timer was set. */
export interface TimerStarted {
  readonly kind: 'timerStarted';
  readonly nodePath: string;
  readonly step: StepId | undefined;
  readonly dueTime: number;
  readonly ordinal: number;
}

/** A timer fired. */
export interface TimerFired {
  readonly kind: 'timerFired';
  readonly nodePath: string;
  readonly step: StepId | undefined;
  readonly startedSequence: number;
}

/** A timer is not needed any more. */
export interface TimerWithdrawn {
  readonly kind: 'timerWithdrawn';
  readonly startedSequence: number;
}

/** Somebody waits for a signal. */
export interface SignalWaitStarted {
  readonly kind: 'signalWaitStarted';
  readonly nodePath: string;
  readonly step: StepId | undefined;
  readonly name: string;
  readonly untilTime: number | undefined;
  readonly ordinal: number;
}

/** A named message to a run. */
export interface Signal {
  readonly name: string;
  /** The sender's id. Empty: none was given. */
  readonly signalId: string;
  readonly payload: Payload | undefined;
  readonly sendTime: number;
}

/** A signal was buffered. */
export interface SignalReceived {
  readonly kind: 'signalReceived';
  readonly signal: Signal;
}

/** A wait took a signal: the one that waited longest for this name. */
export interface SignalConsumed {
  readonly kind: 'signalConsumed';
  readonly nodePath: string;
  readonly step: StepId | undefined;
  readonly name: string;
  /** What it carried, when it was never buffered; else it is with the event that buffered it. */
  readonly payload: Payload | undefined;
  /**
   * The event that buffered it, 0 when it never was. Of a CLIENT run, whose records have no number of their own: the
   * place of that record in the log.
   */
  readonly receivedSequence: number;
}

/** A wait is over without its signal. */
export interface SignalWaitTimedOut {
  readonly kind: 'signalWaitTimedOut';
  readonly nodePath: string;
  readonly step: StepId | undefined;
  readonly name: string;
  readonly startedSequence: number;
}

/** How a child run is to be started, beside workflow, version and input. */
export interface ChildOptions {
  readonly priority: number;
  readonly tags: readonly string[];
  readonly attributes: Attributes;
  /** Absent: its definition's. */
  readonly runTimeoutMs: number | undefined;
  /** Empty: its definition's. */
  readonly queue: string;
}

/** A child run is being started. */
export interface ChildScheduled {
  readonly kind: 'childScheduled';
  readonly nodePath: string;
  readonly step: StepId | undefined;
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly mode: ChildMode;
  readonly input: Payload | undefined;
  readonly ordinal: number;
  readonly options: ChildOptions;
}

/** A child run started. */
export interface ChildStarted {
  readonly kind: 'childStarted';
  readonly scheduledSequence: number;
  readonly runId: string;
  readonly incarnation: string;
  readonly version: string;
}

/** A child run could not be started. */
export interface ChildRejected {
  readonly kind: 'childRejected';
  readonly scheduledSequence: number;
  readonly runId: string;
  readonly rejection: ForeignRejection;
}

/** A child run ended. */
export interface ChildEnded {
  readonly kind: 'childEnded';
  readonly scheduledSequence: number;
  readonly runId: string;
  readonly status: TerminalStatus;
  readonly output: Payload | undefined;
  readonly failure: Failure | undefined;
}

/** The end of a child that was started earlier is waited for. */
export interface ChildWaitStarted {
  readonly kind: 'childWaitStarted';
  readonly nodePath: string;
  readonly step: StepId | undefined;
  readonly runId: string;
  readonly ordinal: number;
}

/** A wait for a signal or child is not needed any more. */
export interface WaitWithdrawn {
  readonly kind: 'waitWithdrawn';
  readonly startedSequence: number;
}
