import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { Failure } from '#gen/millrace/workflow/v1/failure_pb.ts';
import { errorFromFailure } from './error-from-failure.ts';

/** Thrown by user code that no retry can help: the step fails at once, whatever its policy says. */
export class NonRetryableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NonRetryableError';
  }
}

/** What a step rejects with when it has failed for good. It is made from the log, so that a replay sees the same. */
export class StepError extends Error {
  /** The type of the error that user code threw: its class name. */
  readonly type: string;
  /** The step's name. */
  readonly step: string;
  /** How many attempts were made. */
  readonly attempts: number;
  readonly failure: Failure;

  constructor(step: string, attempts: number, failure: Failure) {
    super(failure.message, { cause: errorFromFailure(failure) });
    this.name = 'StepError';
    this.type = failure.type;
    this.step = step;
    this.attempts = attempts;
    this.failure = failure;
  }
}

/** Thrown once into what a function waits for when its run is cancelled; what comes after it is clean-up. */
export class CancelledError extends Error {
  constructor() {
    super('the run is cancelled');
    this.name = 'CancelledError';
  }
}

/** What waiting for a child rejects with when the child did not complete. */
export class ChildError extends Error {
  readonly runId: string;
  /** How it ended. Absent: it could not be started, and the failure's type is the reason. */
  readonly status: RunStatus | undefined;
  readonly failure: Failure;

  constructor(runId: string, status: RunStatus | undefined, failure: Failure) {
    super(failure.message, { cause: errorFromFailure(failure) });
    this.name = 'ChildError';
    this.runId = runId;
    this.status = status;
    this.failure = failure;
  }
}

/** A signal that a function has waited for. */
export interface ReceivedSignal {
  /** What it carried. Absent: null. */
  readonly payload: Payload | undefined;
}
