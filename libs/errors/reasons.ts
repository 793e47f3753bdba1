/**
 * What kind of refusal a reason is. The kind, never the text, decides whether a call is worth repeating, and `libs/rpc`
 * maps it to a code.
 */
export type ErrorKind =
  | 'not-found'
  | 'invalid'
  | 'precondition'
  | 'conflict'
  | 'exists'
  | 'denied'
  | 'unauthenticated'
  | 'exhausted'
  | 'corrupt'
  | 'unavailable'
  | 'deadline'
  | 'cancelled'
  | 'unimplemented'
  | 'internal';

/** Every reason that an error may carry, with its kind. A test holds it against `ErrorReason` in the protos. */
export const REASON_KINDS = {
  RUN_NOT_FOUND: 'not-found',
  DEFINITION_NOT_FOUND: 'not-found',
  PACKAGE_NOT_FOUND: 'not-found',
  TENANT_NOT_FOUND: 'not-found',
  SNAPSHOT_NOT_FOUND: 'not-found',
  LEASE_NOT_FOUND: 'not-found',
  ITEM_NOT_FOUND: 'not-found',
  DEAD_LETTER_NOT_FOUND: 'not-found',
  TOKEN_NOT_FOUND: 'not-found',
  KEY_NOT_FOUND: 'not-found',
  PAYLOAD_NOT_FOUND: 'not-found',
  WORKER_NOT_FOUND: 'not-found',
  SERVICE_NOT_FOUND: 'not-found',
  INVALID_FIELDS: 'invalid',
  REQUEST_ID_REUSED: 'invalid',
  PAGE_TOKEN_INVALID: 'invalid',
  MALFORMED: 'invalid',
  CANNOT_CANCEL: 'precondition',
  CANNOT_PAUSE: 'precondition',
  NOT_PAUSED: 'precondition',
  RUN_TERMINAL: 'precondition',
  WRONG_DRIVER: 'precondition',
  ILLEGAL_STATUS: 'precondition',
  NOT_AN_ARRAY: 'precondition',
  QUARANTINED: 'precondition',
  WRONG_WORKER: 'precondition',
  DEFINITION_MISMATCH: 'precondition',
  PACKAGE_IN_USE: 'precondition',
  BLOB_IN_USE: 'precondition',
  TENANT_SUSPENDED: 'precondition',
  TENANT_ARCHIVED: 'precondition',
  DEFINITION_RETIRED: 'precondition',
  NO_STORE: 'precondition',
  LEASE_LOST: 'conflict',
  SEQUENCE_CONFLICT: 'conflict',
  STEPS_MISSING: 'conflict',
  VERSION_CONFLICT: 'conflict',
  RUN_EXISTS: 'exists',
  DEFINITION_EXISTS: 'exists',
  PACKAGE_EXISTS: 'exists',
  TENANT_EXISTS: 'exists',
  KEY_EXISTS: 'exists',
  ROLE_DENIED: 'denied',
  TENANT_DENIED: 'denied',
  TAMPERED: 'denied',
  UNTRUSTED: 'denied',
  SIGNATURE_REQUIRED: 'denied',
  UNAUTHENTICATED: 'unauthenticated',
  QUOTA_EXCEEDED: 'exhausted',
  PAYLOAD_TOO_LARGE: 'exhausted',
  OVERLOADED: 'exhausted',
  SIGNALS_FULL: 'exhausted',
  DATA_CORRUPTION: 'corrupt',
  UNAVAILABLE: 'unavailable',
  NOT_OWNER: 'unavailable',
  DRAINING: 'unavailable',
  DEADLINE_EXCEEDED: 'deadline',
  CALLER_GONE: 'cancelled',
  NOT_BUILT: 'unimplemented',
  INTERNAL: 'internal',
} as const;

/** The name of a reason, as callers read it in `google.rpc.ErrorInfo`. */
export type Reason = keyof typeof REASON_KINDS;
