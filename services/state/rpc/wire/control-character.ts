import { hasControlCharacter } from '#libs/rpc/validation/control-character.ts';
import { invalidField, invalidFields } from './invalid-field.ts';

/** What a text that must be plain is told when it is not. */
export const MUST_BE_PLAIN: string = 'must have no control characters';

/**
 * Guards a name.
 *
 * @throws INVALID_FIELDS naming the field when it has a control character.
 */
export function assertPlain(text: string, field: string): void {
  if (hasControlCharacter(text)) throw invalidField(field, MUST_BE_PLAIN);
}

/**
 * Guards names by their fields.
 *
 * @throws INVALID_FIELDS with every one that has a control character.
 */
export function assertPlainNames(names: Readonly<Record<string, string>>): void {
  const violations = Object.entries(names).flatMap(([field, text]) =>
    hasControlCharacter(text) ? [{ field, description: MUST_BE_PLAIN }] : [],
  );
  if (violations.length > 0) throw invalidFields(violations);
}
