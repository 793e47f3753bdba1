import type { Failure } from '#gen/millrace/workflow/v1/failure_pb.ts';
import { errorFromFailure } from '#libs/work-loop/run/error-from-failure.ts';

/** How a run ended that did not complete. */
export type UnsuccessfulStatus = 'FAILED' | 'CANCELLED' | 'TERMINATED';

/** What waiting for a run rejects with when it did not complete. */
export class RunError extends Error {
  readonly runId: string;
  readonly status: UnsuccessfulStatus;
  /** The type of the error that the workflow threw: its class name. Empty for a run that was ended by a control. */
  readonly type: string;
  readonly failure: Failure | undefined;

  constructor(runId: string, status: UnsuccessfulStatus, failure: Failure | undefined) {
    const why = failure === undefined ? '' : `: ${failure.type}: ${failure.message}`;
    super(
      `run ${runId} ended ${status}${why}`,
      failure === undefined ? undefined : { cause: errorFromFailure(failure) },
    );
    this.name = 'RunError';
    this.runId = runId;
    this.status = status;
    this.type = failure?.type ?? '';
    this.failure = failure;
  }
}
