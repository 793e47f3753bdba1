import { hasControlCharacter } from '#libs/rpc/validation/control-character.ts';
import { MUST_BE_PLAIN } from './control-character.ts';
import { invalidField } from './invalid-field.ts';

/**
 * Tags in the one order that all lists of the same tags have, each once.
 *
 * @throws INVALID_FIELDS for one with control characters.
 */
export function sortedTags(tags: readonly string[], field: string = 'tags'): readonly string[] {
  if (tags.length === 0) return tags;
  const index = tags.findIndex(hasControlCharacter);
  if (index >= 0) throw invalidField(`${field}[${index}]`, MUST_BE_PLAIN);
  return [...new Set(tags)].sort();
}
