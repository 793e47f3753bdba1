import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';

/** INVALID_FIELDS for one field: what it must be, in words that follow its path. */
export function invalidField(field: string, description: string): DomainError {
  return invalidFields([{ field, description }]);
}

/** INVALID_FIELDS for several fields; the message names the first. */
export function invalidFields(violations: readonly FieldViolation[]): DomainError {
  const [first] = violations;
  const message = first === undefined ? 'the request breaks a rule' : `${first.field} ${first.description}`;
  return new DomainError('INVALID_FIELDS', message, { violations });
}
