import { invalidField } from './invalid-field.ts';

/** What a text that must be plain is told when it is not. */
export const MUST_BE_PLAIN: string = 'must have no control characters';

const CONTROL_CHARACTER = /\p{Cc}/u;

/** Whether a text has a control character: names travel in logs and subjects, and line breaks keep keys apart. */
export function hasControlCharacter(text: string): boolean {
  return CONTROL_CHARACTER.test(text);
}

/**
 * Guards a name.
 *
 * @throws INVALID_FIELDS naming the field when it has a control character.
 */
export function assertPlain(text: string, field: string): void {
  if (hasControlCharacter(text)) throw invalidField(field, MUST_BE_PLAIN);
}
