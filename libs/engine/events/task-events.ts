import type { Failure } from '../model/failure.ts';
import type { Lease } from '../model/lease.ts';
import type { Payload } from '../model/payload.ts';

/** A work item was made. Its own number names the item from then on. */
export interface TaskScheduled {
  readonly kind: 'taskScheduled';
  readonly nodePath: string;
  readonly attempt: number;
  readonly input: Payload | undefined;
  readonly queue: string;
  readonly priority: number;
  readonly tags: readonly string[];
  /** When it is offered. Absent: at once. */
  readonly notBeforeTime: number | undefined;
}

/** A worker took it. A second one with the same fence: the hold was extended. */
export interface TaskLeased {
  readonly kind: 'taskLeased';
  readonly nodePath: string;
  readonly lease: Lease;
  readonly attempt: number;
}

/** The worker gave it back or lost it; the attempt does not count unless it failed too. */
export interface TaskReleased {
  readonly kind: 'taskReleased';
  readonly nodePath: string;
  readonly itemSequence: number;
  readonly reason: string;
}

/** A node succeeded. */
export interface TaskCompleted {
  readonly kind: 'taskCompleted';
  readonly nodePath: string;
  readonly output: Payload | undefined;
  readonly attempt: number;
  readonly workerId: string;
}

/** An attempt of a node failed. */
export interface TaskFailed {
  readonly kind: 'taskFailed';
  readonly nodePath: string;
  readonly failure: Failure;
  readonly attempt: number;
  /** When the next attempt is due. Absent: the failure is final. */
  readonly retryTime: number | undefined;
  /** Who tried. Empty: the server noticed it. */
  readonly workerId: string;
}

/** Why a node does not run. */
export type SkipReason = 'DEAD_EDGES' | 'TRIGGER_RULE' | 'RACE_LOST' | 'RUN_ENDING';

/** A node does not run. */
export interface TaskSkipped {
  readonly kind: 'taskSkipped';
  readonly nodePath: string;
  readonly reason: SkipReason;
}

/** An item became a dead letter. */
export interface TaskDeadLettered {
  readonly kind: 'taskDeadLettered';
  readonly nodePath: string;
  readonly deadLetterId: string;
  readonly failure: Failure | undefined;
}

/** A dead letter was put back. */
export interface TaskRequeued {
  readonly kind: 'taskRequeued';
  readonly nodePath: string;
  readonly itemSequence: number;
  readonly requestedBy: string;
}

/** A branch chose, or a condition could not be evaluated. */
export interface EdgeEvaluated {
  readonly kind: 'edgeEvaluated';
  readonly nodePath: string;
  readonly taken: readonly string[];
  readonly key: string;
  readonly error: string;
}

/** An iteration ended. */
export interface LoopIterated {
  readonly kind: 'loopIterated';
  readonly nodePath: string;
  readonly iteration: number;
  readonly output: Payload | undefined;
  readonly again: boolean;
}

/** A race was decided. */
export interface RaceWon {
  readonly kind: 'raceWon';
  readonly nodePath: string;
  readonly winner: string;
}

/** A node is undone. */
export interface CompensationStarted {
  readonly kind: 'compensationStarted';
  readonly nodePath: string;
  readonly targetNode: string;
}
