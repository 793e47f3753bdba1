/** Where code and log part. */
export interface DivergencePoint {
  readonly expectedStep: string;
  readonly foundStep: string;
  readonly sourceLocation: string;
  readonly sequence: number;
}

/** The code of a workflow does something else than the log of a run says. */
export class DivergedError extends Error implements DivergencePoint {
  /** Empty: not known. */
  readonly runId: string;
  /** What the log has next: `step charge #0`. */
  readonly expectedStep: string;
  /** What the code came to instead: `step pay #0`, or `the end of the function`. */
  readonly foundStep: string;
  /** Where the code asks for it: `file:line:column`. Empty: not known. */
  readonly sourceLocation: string;
  /** The event of the log that has the expected step. 0: the log has ended. */
  readonly sequence: number;

  constructor(runId: string, { expectedStep, foundStep, sourceLocation, sequence }: DivergencePoint) {
    const run = runId === '' ? 'the log' : `the log of run ${runId}`;
    const event = sequence === 0 ? '' : `, as event ${sequence}`;
    const place = sourceLocation === '' ? '' : ` at ${sourceLocation}`;
    super(`${run} has ${expectedStep}${event}, but the code came to ${foundStep}${place}`);
    this.name = 'DivergedError';
    this.runId = runId;
    this.expectedStep = expectedStep;
    this.foundStep = foundStep;
    this.sourceLocation = sourceLocation;
    this.sequence = sequence;
  }
}
