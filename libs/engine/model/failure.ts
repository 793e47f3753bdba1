import type { Payload } from './payload.ts';

/** One link of a failure's chain of causes. */
export interface FailureCause {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
}

/** Why a step, task or run failed. Retries decide by `type`, never by text. */
export interface Failure {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly causes: readonly FailureCause[];
  readonly nonRetryable: boolean;
  readonly details: Payload | undefined;
  /** The node or step that failed, where it was a part of something larger. */
  readonly nodePath: string;
  /** How many attempts were made. Absent: not known. */
  readonly attempts: number | undefined;
}

/** The failure types that the engine itself gives. */
export type EngineFailureType =
  | 'RUN_TIMEOUT'
  | 'STEP_TIMEOUT'
  | 'LEASE_EXPIRED'
  | 'SCHEDULE_TO_START_TIMEOUT'
  | 'NOTHING_TO_WAIT_FOR'
  | 'CLAIM_FAILED'
  | 'FORCE_RELEASED';

/** A failure that the engine noticed, not user code. */
export function engineFailure(type: EngineFailureType, message: string, attempts?: number): Failure {
  return {
    type,
    message,
    stack: '',
    causes: [],
    nonRetryable: false,
    details: undefined,
    nodePath: '',
    attempts,
  };
}
