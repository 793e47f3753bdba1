import { DomainError } from '#libs/errors/domain-error.ts';

/**
 * What an answer must hold.
 *
 * @throws INTERNAL when it does not, naming it.
 */
export function answered<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw new DomainError('INTERNAL', `the service answered without ${what}`);
  }
  return value;
}
