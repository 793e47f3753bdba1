/** What can be wrong with a log. */
export type LogErrorReason =
  | 'NOT_NEXT'
  | 'AFTER_END'
  | 'NOT_FOLDED'
  | 'INCONSISTENT'
  | 'TRUNCATED'
  | 'UNKNOWN_VERSION'
  | 'UNKNOWN_KIND'
  | 'MALFORMED';

/**
 * A log, or stored bytes of one, that cannot be read or folded. For one run it means quarantine; it is never a caller's
 * fault.
 */
export class LogError extends Error {
  readonly reason: LogErrorReason;

  constructor(reason: LogErrorReason, message: string) {
    super(message);
    this.name = 'LogError';
    this.reason = reason;
  }
}
