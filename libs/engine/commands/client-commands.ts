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

/** What only makes sense for a CLIENT run, except `clearControl`, which finds none on a SERVER run. */
export type ClientCommand = AppendEvents | UpdateStatus | CheckControls | ClearControl | ConsumeSignal;
