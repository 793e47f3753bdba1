import type { ChildOptions } from '../events/wait-events.ts';
import type { Attributes } from '../model/attribute.ts';
import type { Failure } from '../model/failure.ts';
import type { ChildMode } from '../model/parent.ts';
import type { Payload } from '../model/payload.ts';
import type { StepId } from '../model/step-id.ts';
import type { LeaseProof } from './item-commands.ts';

/** What a step record holds. */
export type StepRecord =
  | { readonly kind: 'result'; readonly result: Payload | undefined }
  | {
      readonly kind: 'begin';
      readonly timeoutMs: number | undefined;
      readonly heartbeatTimeoutMs: number | undefined;
    }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly retryTime: number | undefined }
  | { readonly kind: 'value'; readonly value: Payload | undefined }
  | { readonly kind: 'set'; readonly key: string; readonly value: Payload | undefined }
  | { readonly kind: 'attributes'; readonly attributes: Attributes; readonly removed: readonly string[] };

/** One durable record of a function. */
export interface RecordStep {
  readonly kind: 'recordStep';
  readonly lease: LeaseProof;
  /** 1, 2, 3, … in this incarnation; a known one is acknowledged without effect, a gap is STEPS_MISSING. */
  readonly ordinal: number;
  readonly step: StepId;
  readonly attempt: number;
  readonly record: StepRecord;
}

/** A step has been silent for longer than its heartbeat timeout; deadlines are noticed without this. */
export interface TimeOutStep {
  readonly kind: 'timeOutStep';
  readonly step: StepId;
  readonly attempt: number;
}

/** What a function waits for. */
export type ParkWait =
  | { readonly kind: 'timer'; readonly dueTime: number }
  | { readonly kind: 'signal'; readonly name: string; readonly timeoutMs: number | undefined }
  | { readonly kind: 'child'; readonly runId: string };

/** A function waits. Recorded with the next ordinal, as a step record is. */
export interface ParkFunction {
  readonly kind: 'parkFunction';
  readonly lease: LeaseProof;
  readonly ordinal: number;
  readonly step: StepId;
  readonly wait: ParkWait;
}

/** A function does not need a timer or a wait for a signal any more. No record; what is not open is left alone. */
export interface WithdrawWait {
  readonly kind: 'withdrawWait';
  readonly lease: LeaseProof;
  readonly step: StepId;
}

/** A function starts a child run. Recorded with the next ordinal, as a step record is. */
export interface StartChild {
  readonly kind: 'startChild';
  readonly lease: LeaseProof;
  readonly ordinal: number;
  readonly step: StepId;
  /** The child's id: the caller's, or the shell's derivation from incarnation, path and occurrence. */
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly mode: ChildMode;
  readonly input: Payload | undefined;
  readonly options: ChildOptions;
}
