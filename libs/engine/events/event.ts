import type { ClientEvent, SystemRecordEvent } from './client-events.ts';
import type {
  AttributesSet,
  CleanupStarted,
  ControlCleared,
  ControlRequested,
  RunDiverged,
  RunEnded,
  RunPaused,
  RunResumed,
  RunStarted,
  StateSet,
} from './run-events.ts';
import type { StepBegun, StepFailed, StepRecorded, ValueRecorded } from './step-events.ts';
import type {
  CompensationStarted,
  EdgeEvaluated,
  LoopIterated,
  RaceWon,
  TaskCompleted,
  TaskDeadLettered,
  TaskFailed,
  TaskLeased,
  TaskReleased,
  TaskRequeued,
  TaskScheduled,
  TaskSkipped,
} from './task-events.ts';
import type {
  ChildEnded,
  ChildRejected,
  ChildScheduled,
  ChildStarted,
  ChildWaitStarted,
  SignalConsumed,
  SignalReceived,
  SignalWaitStarted,
  SignalWaitTimedOut,
  TimerFired,
  TimerStarted,
  TimerWithdrawn,
  WaitWithdrawn,
} from './wait-events.ts';

/** What an event says, without its number and time. Kinds are named as the members of the wire's oneof. */
export type EventBody =
  | StepRecorded
  | StepBegun
  | StepFailed
  | ValueRecorded
  | SignalConsumed
  | TimerFired
  | ChildEnded
  | TaskScheduled
  | TaskLeased
  | TaskCompleted
  | TaskFailed
  | ClientEvent
  | StateSet
  | RunStarted
  | RunEnded
  | RunPaused
  | RunResumed
  | ControlRequested
  | ControlCleared
  | CleanupStarted
  | AttributesSet
  | RunDiverged
  | TaskReleased
  | TaskSkipped
  | TaskDeadLettered
  | TaskRequeued
  | EdgeEvaluated
  | LoopIterated
  | RaceWon
  | CompensationStarted
  | TimerStarted
  | TimerWithdrawn
  | SignalWaitStarted
  | SignalReceived
  | SignalWaitTimedOut
  | ChildScheduled
  | ChildStarted
  | ChildRejected
  | WaitWithdrawn
  | ChildWaitStarted
  | SystemRecordEvent;

/** The number and time of an entry of a run's log. */
export interface Stamp {
  /** 1, 2, 3, … without gaps per incarnation. Of a system record: the number of the last event before it. */
  readonly sequence: number;
  /** When the server accepted it. */
  readonly eventTime: number;
}

type Stamped<Body> = Body extends unknown ? Body & Stamp : never;

/** One entry of a run's log. */
export type Event = Stamped<EventBody>;

/** The name of an event's kind. */
export type EventKind = EventBody['kind'];

/** The event of one kind. */
export type EventOf<Kind extends EventKind> = Extract<Event, { readonly kind: Kind }>;
