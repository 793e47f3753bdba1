import type { StateChange } from '../events/client-events.ts';
import type { Position, TaskHint } from '../model/client-state.ts';
import type { ControlKind } from '../model/control.ts';
import type { Failure } from '../model/failure.ts';
import type { Payload } from '../model/payload.ts';
import type { RunStatus } from '../model/status.ts';

/** An event to append. */
export interface NewClientEvent {
  readonly type: string;
  readonly data: Payload | undefined;
  readonly sourceTime: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Appends events of a CLIENT run's runtime. */
export interface AppendEvents {
  readonly kind: 'appendEvents';
  readonly events: readonly NewClientEvent[];
  /** The last event that the caller knows of; another one is SEQUENCE_CONFLICT. */
  readonly expectedSequence: number | undefined;
}

/** Changes the status of a CLIENT run. */
export interface UpdateStatus {
  readonly kind: 'updateStatus';
  readonly status: RunStatus;
  /** The status that it must have. Absent: any that allows the change. */
  readonly expectedStatus: RunStatus | undefined;
  readonly output: Payload | undefined;
  readonly failure: Failure | undefined;
  readonly requestedBy: string;
  readonly reason: string;
}

/** Applies pending controls of a CLIENT run: a cancel first, then, unless only cancels are asked for, a pause. */
export interface CheckControls {
  readonly kind: 'checkControls';
  readonly checks: 'cancel' | 'pause' | 'both';
  /** The task at which the runtime asks. */
  readonly taskId: string;
}

/** Takes a pending control back. None is fine. */
export interface ClearControl {
  readonly kind: 'clearControl';
  readonly control: ControlKind;
}

/** Takes the oldest buffered signal of a name from a CLIENT run. */
export interface ConsumeSignal {
  readonly kind: 'consumeSignal';
  readonly name: string;
}

/** Saves a snapshot and makes it the head. */
export interface SaveSnapshot {
  readonly kind: 'saveSnapshot';
  readonly payload: Payload | undefined;
  readonly status: RunStatus;
  readonly position: Position | undefined;
  /** Absent: unchanged. */
  readonly priority: number | undefined;
  readonly tags: readonly string[];
  readonly hints: readonly TaskHint[];
  readonly atSequence: number;
  /** The version that the head must have; 0: none. Absent: any, unless somebody holds a task. */
  readonly expectedVersion: number | undefined;
  /** The fence of the lease under which it is saved. Absent: none. */
  readonly fence: bigint | undefined;
  /** The task whose lease that is. Empty: any. */
  readonly taskId: string;
  /** The result of that task, whose lease ends with it. Absent: none yet. It needs the fence. */
  readonly result: TaskResult | undefined;
  readonly output: Payload | undefined;
  readonly failure: Failure | undefined;
  readonly requestedBy: string;
}

/** A result, which may be empty. */
export interface TaskResult {
  readonly output: Payload | undefined;
}

/** Saves the result of one task; a lease of it ends with that. */
export interface SaveTaskResult {
  readonly kind: 'saveTaskResult';
  readonly taskId: string;
  readonly output: Payload | undefined;
  /** Absent: nobody may hold the task. */
  readonly fence: bigint | undefined;
}

/** Changes the state document. What comes of it is the shell's to know: the engine never looks inside. */
export interface PatchState {
  readonly kind: 'patchState';
  readonly change: StateChange;
  readonly key: string;
  readonly value: Payload | undefined;
  readonly expectedVersion: number | undefined;
}

/** What a runtime saves and asks, except `clearControl`, which finds none on a SERVER run. */
export type ClientCommand =
  | AppendEvents
  | UpdateStatus
  | CheckControls
  | ClearControl
  | ConsumeSignal
  | SaveSnapshot
  | SaveTaskResult
  | PatchState;
