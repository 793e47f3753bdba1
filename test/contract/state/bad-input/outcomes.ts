import type { Failure } from '#test/doors/failure.ts';

/** The codes of the reasons that are expected here, as operations.md has them. */
const CODES: Readonly<Record<string, string>> = {
  INVALID_FIELDS: 'INVALID_ARGUMENT',
  REQUEST_ID_REUSED: 'INVALID_ARGUMENT',
  PAGE_TOKEN_INVALID: 'INVALID_ARGUMENT',
  LEASE_LOST: 'ABORTED',
  SEQUENCE_CONFLICT: 'ABORTED',
  STEPS_MISSING: 'ABORTED',
  VERSION_CONFLICT: 'ABORTED',
  RUN_EXISTS: 'ALREADY_EXISTS',
  DEFINITION_EXISTS: 'ALREADY_EXISTS',
  NOT_OWNER: 'UNAVAILABLE',
};

/** What a call comes to that is refused for a reason. */
export function refusalOutcome(reason: string): string {
  const code = reason.endsWith('_NOT_FOUND') ? 'NOT_FOUND' : (CODES[reason] ?? 'FAILED_PRECONDITION');
  return `${code} ${reason}`;
}

/** What a call came to, for people. */
export function outcomeOf(failure: Failure | undefined): string {
  return failure === undefined ? 'answered' : `${failure.code} ${failure.reason}`;
}

/** The fields that a refusal names. */
export function fieldsOf(failure: Failure | undefined): string {
  return [...new Set(failure?.violations.map(({ field }) => field))].join(', ');
}
