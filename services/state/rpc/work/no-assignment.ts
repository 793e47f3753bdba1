import { DomainError } from '#libs/errors/domain-error.ts';

/** The refusal of a frame whose handle names nothing that its worker has. */
export function noAssignment(): DomainError {
  return new DomainError('LEASE_LOST', 'the handle names no assignment');
}
