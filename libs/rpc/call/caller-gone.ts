import { DomainError } from '#libs/errors/domain-error.ts';

/** Why a call is aborted whose caller went away. */
export function callerGone(): DomainError {
  return new DomainError('CALLER_GONE', 'the caller went away');
}
