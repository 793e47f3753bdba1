import { hasControlCharacter } from '#libs/rpc/validation/control-character.ts';
import { invalidField } from './invalid-field.ts';

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
