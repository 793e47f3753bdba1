import type { Failure } from '../model/failure.ts';
import type { Payload } from '../model/payload.ts';
import type { StepId } from '../model/step-id.ts';

/** An attempt of a step began, and the server watches its deadline. */
export interface StepBegun {
  readonly kind: 'stepBegun';
  readonly step: StepId;
  readonly attempt: number;
  readonly deadlineTime: number | undefined;
  readonly heartbeatTimeoutMs: number | undefined;
  readonly ordinal: number;
}

/** A step succeeded. */
export interface StepRecorded {
  readonly kind: 'stepRecorded';
  readonly step: StepId;
  readonly result: Payload | undefined;
  readonly attempt: number;
  readonly ordinal: number;
}

/** An attempt of a step failed. */
export interface StepFailed {
  readonly kind: 'stepFailed';
  readonly step: StepId;
  readonly failure: Failure;
  readonly attempt: number;
  /** When the next attempt is due. Absent: final, or left to the code when the server noticed it. */
  readonly retryTime: number | undefined;
  /** The number of the step record. 0: the server noticed it. */
  readonly ordinal: number;
  readonly timedOut: boolean;
}

/** A value that the function read from outside: time, randomness, an id, a patch. */
export interface ValueRecorded {
  readonly kind: 'valueRecorded';
  readonly step: StepId;
  readonly value: Payload | undefined;
  readonly ordinal: number;
}
