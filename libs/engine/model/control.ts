/** What is asked of a run. */
export type ControlKind = 'CANCEL' | 'PAUSE';

/** A request to cancel or pause a run. A newer one of the same kind replaces the older. */
export interface Control {
  readonly kind: ControlKind;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestTime: number;
}
