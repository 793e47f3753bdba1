interface ControlBase {
  /** Who asks: what the request names, else the token's name. */
  readonly requestedBy: string;
  readonly reason: string;
}

/** Cancels the run, after its clean-up. The same as StoreControl(CANCEL). */
export interface CancelRun extends ControlBase {
  readonly kind: 'cancelRun';
}

/** Holds the run. The same as StoreControl(PAUSE). */
export interface PauseRun extends ControlBase {
  readonly kind: 'pauseRun';
}

/** Lets a run that is held go on. */
export interface ResumeRun extends ControlBase {
  readonly kind: 'resumeRun';
}

/** Ends the run at once. */
export interface TerminateRun extends ControlBase {
  readonly kind: 'terminateRun';
}
