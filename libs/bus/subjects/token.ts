import { DomainError } from '#libs/errors/domain-error.ts';

/** Stands for the empty text, because a subject has no empty token. */
const EMPTY = '%';

/**
 * A text of a user as one token of a subject: dots, wildcards, spaces and all that is not plain are written as `%` and
 * two hex digits a byte, so that any text round-trips and no text means more than itself.
 */
export function tokenFrom(text: string): string {
  if (text === '') return EMPTY;
  return encodeURIComponent(text.toWellFormed()).replace(/[.*!~'()]/g, (sign) => {
    return `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

/**
 * The text that a token stands for.
 *
 * @throws MALFORMED when it is no token that `tokenFrom` writes.
 */
export function parseToken(token: string): string {
  if (token === EMPTY) return '';
  let text: string;
  try {
    text = decodeURIComponent(token);
  } catch (cause) {
    throw new DomainError('MALFORMED', `subject token "${token}" is not escaped as it should be`, { cause });
  }
  if (tokenFrom(text) !== token) {
    throw new DomainError('MALFORMED', `subject token "${token}" is not escaped as it should be`);
  }
  return text;
}
