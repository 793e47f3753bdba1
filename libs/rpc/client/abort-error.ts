import { DomainError } from '#libs/errors/domain-error.ts';

/** What an aborted call fails with: the reason itself where it is one of ours, or else CALLER_GONE because of it. */
export function abortError(reason: unknown): DomainError {
  return reason instanceof DomainError
    ? reason
    : new DomainError('CALLER_GONE', 'the call was aborted', { cause: reason });
}

/** What a call fails with whose time was up before it began. */
export function deadlinePassed(): DomainError {
  return new DomainError('DEADLINE_EXCEEDED', 'the deadline of the call has passed');
}
