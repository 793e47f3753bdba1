import { DomainError } from '#libs/errors/domain-error.ts';
import { invalidFields } from '../wire/invalid-field.ts';

/**
 * Reads a part of a request whose reader names fields within it.
 *
 * @throws INVALID_FIELDS with the paths within the request, and what else `read` throws.
 */
export function atField<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DomainError) || error.reason !== 'INVALID_FIELDS') throw error;
    throw invalidFields(error.violations.map((violation) => ({ ...violation, field: `${path}.${violation.field}` })));
  }
}
