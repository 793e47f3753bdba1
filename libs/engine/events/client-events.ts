import type { DeadReason, Position, TaskHint } from '../model/client-state.ts';
import type { Failure } from '../model/failure.ts';
import type { Payload } from '../model/payload.ts';
import type { RunStatus } from '../model/status.ts';
import type { AttributesSet, ControlCleared, ControlRequested, RunEnded, RunStarted } from './run-events.ts';
import type {
  TaskCompleted,
  TaskFailed,
  TaskLeased,
  TaskReleased,
  TaskRequeued,
  TaskScheduled,
} from './task-events.ts';
import type { SignalConsumed, SignalReceived } from './wait-events.ts';

/** An event of a CLIENT run, kept as its runtime appended it. */
export interface ClientEvent {
  readonly kind: 'clientEvent';
  readonly type: string;
  readonly data: Payload | undefined;
  readonly sourceTime: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The status of a CLIENT run changed without ending it. */
export interface StatusChanged {
  readonly kind: 'statusChanged';
  readonly fromStatus: RunStatus;
  readonly toStatus: RunStatus;
  readonly reason: string;
}

/** A snapshot was saved: from now on the run stands where it says. */
export interface SnapshotSaved {
  readonly kind: 'snapshotSaved';
  readonly version: number;
  readonly payload: Payload | undefined;
  /** The status that it says. */
  readonly status: RunStatus;
  readonly position: Position | undefined;
  /** Absent: unchanged. */
  readonly priority: number | undefined;
  readonly tags: readonly string[];
  readonly hints: readonly TaskHint[];
  /** The last event that it covers. */
  readonly atSequence: number;
  /** Who saved it under a lease: its attempts count from here. Empty: nobody. */
  readonly leasedPath: string;
}

/** The run stands before a task, as its start said; no snapshot was saved. */
export interface PositionSet {
  readonly kind: 'positionSet';
  readonly position: Position;
  readonly hints: readonly TaskHint[];
}

/** The result of a task that nobody had. */
export interface TaskResultSaved {
  readonly kind: 'taskResultSaved';
  readonly taskId: string;
  readonly output: Payload | undefined;
}

/** How the state document was changed. */
export type StateChange = 'replace' | 'merge' | 'append';

/** The state document was changed. */
export interface StatePatched {
  readonly kind: 'statePatched';
  readonly change: StateChange;
  /** The array that was appended to. Empty: the change is to the document. */
  readonly key: string;
  /** The new document, the patch, or the value that was appended. */
  readonly value: Payload | undefined;
  /** Which change of the document it is, from 1. */
  readonly stateVersion: number;
}

/** An item is not offered any more: the run stands elsewhere. */
export interface TaskWithdrawn {
  readonly kind: 'taskWithdrawn';
  readonly nodePath: string;
}

/** A work item was made. */
export interface ItemEnqueued extends Omit<TaskScheduled, 'kind'> {
  readonly kind: 'itemEnqueued';
  /** The node or task that it is for. Empty: none. */
  readonly nodeId: string;
  readonly maxAttempts: number;
}

/** An item became a dead letter; what was held of it is over. */
export interface ItemDied {
  readonly kind: 'itemDied';
  readonly nodePath: string;
  readonly deadLetterId: string;
  readonly reason: DeadReason;
  /** Who moved it. Empty: the server. */
  readonly movedBy: string;
  readonly failure: Failure;
}

/** A dead letter was removed, with its item. */
export interface DeadLetterPurged {
  readonly kind: 'deadLetterPurged';
  readonly nodePath: string;
  readonly requestedBy: string;
}

/**
 * What the server did to a CLIENT run. What happens to tasks and work items is told as it is of the nodes of a SERVER
 * run.
 */
export type SystemRecord =
  | RunStarted
  | ControlRequested
  | ControlCleared
  | StatusChanged
  | SignalReceived
  | SignalConsumed
  | RunEnded
  | AttributesSet
  | SnapshotSaved
  | PositionSet
  | TaskResultSaved
  | StatePatched
  | TaskScheduled
  | TaskLeased
  | TaskReleased
  | TaskCompleted
  | TaskFailed
  | TaskWithdrawn
  | ItemEnqueued
  | ItemDied
  | TaskRequeued
  | DeadLetterPurged;

/** A system record as an entry of the log. It takes no number of its own and is shown on request only. */
export interface SystemRecordEvent {
  readonly kind: 'systemRecord';
  readonly record: SystemRecord;
}
