/**
 * The reasons with which the engine refuses a command, spelt as `libs/errors` spells them.
 * RUN_NOT_FOUND: the log is empty and the command is not a start.
 */
export type EngineReason =
  | 'RUN_NOT_FOUND'
  | 'ITEM_NOT_FOUND'
  | 'LEASE_NOT_FOUND'
  | 'DEAD_LETTER_NOT_FOUND'
  | 'INVALID_FIELDS'
  | 'CANNOT_CANCEL'
  | 'CANNOT_PAUSE'
  | 'NOT_PAUSED'
  | 'RUN_TERMINAL'
  | 'WRONG_DRIVER'
  | 'ILLEGAL_STATUS'
  | 'DEFINITION_MISMATCH'
  | 'LEASE_LOST'
  | 'SEQUENCE_CONFLICT'
  | 'VERSION_CONFLICT'
  | 'STEPS_MISSING'
  | 'RUN_EXISTS'
  | 'SIGNALS_FULL'
  | 'QUOTA_EXCEEDED';

/** A refusal as a value: nothing was changed. */
export interface Rejection {
  readonly reason: EngineReason;
  /** What programs may want to read: `state`, `expected`, `actual`, `limit` … */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Why a run in another partition refused a message, as it said it. Its reason may be one of any service. */
export interface ForeignRejection {
  readonly reason: string;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
}
