import type { ChildMode } from './parent.ts';
import type { StepId } from './step-id.ts';

interface WaitBase {
  readonly startedSequence: number;
  readonly sinceTime: number;
  /** The node that waits. */
  readonly nodePath: string;
  /** The step that waits. Absent: a node. */
  readonly step: StepId | undefined;
}

/** A moment that is waited for. */
export interface TimerWait extends WaitBase {
  readonly kind: 'timer';
  readonly dueTime: number;
}

/** A signal that is waited for. */
export interface SignalWait extends WaitBase {
  readonly kind: 'signal';
  readonly name: string;
  /** When the wait is over. Absent: never. */
  readonly untilTime: number | undefined;
}

/** A timer or a wait for a signal. */
export type Wait = TimerWait | SignalWait;

/** When a wait ends by itself. Infinity: never. */
export function waitEndTime(wait: Wait): number {
  return wait.kind === 'timer' ? wait.dueTime : (wait.untilTime ?? Infinity);
}

/** A child run that has not ended, as far as its parent knows. */
export interface Child {
  readonly scheduledSequence: number;
  readonly sinceTime: number;
  readonly nodePath: string;
  readonly step: StepId | undefined;
  readonly runId: string;
  readonly mode: ChildMode;
  /** Empty: it has not started yet. */
  incarnation: string;
  /** What of it the code waits for. */
  awaited: 'start' | 'end' | 'nothing';
}

/** A step whose attempt is under way or whose next attempt is ahead. */
export interface OpenStep {
  readonly step: StepId;
  readonly attempt: number;
  /** The event of the begin, or of the failure before a retry. */
  readonly sequence: number;
  readonly sinceTime: number;
  readonly state: 'begun' | 'retrying';
  /** When the attempt times out, or when the next one is due. Infinity: never. */
  readonly dueTime: number;
}
