import { DomainError } from '#libs/errors/domain-error.ts';
import { hasControlCharacter } from '#libs/rpc/validation/control-character.ts';

/** Bytes of the name of a step, signal, key or workflow. */
const MAX_NAME_BYTES: number = 128;

/**
 * Guards a name that goes into frames: one that breaks its rule would end the stream for everybody on it.
 *
 * @throws INVALID_FIELDS naming the field: 1 to 128 bytes without control characters.
 */
export function assertName(name: string, field: string): void {
  const isShort = name.length * 3 <= MAX_NAME_BYTES || Buffer.byteLength(name) <= MAX_NAME_BYTES;
  if (typeof name !== 'string' || name.length === 0 || !isShort || hasControlCharacter(name)) {
    throw invalid(field, `must have 1 to ${MAX_NAME_BYTES} bytes and no control characters`);
  }
}

/**
 * Guards a time span in milliseconds.
 *
 * @throws INVALID_FIELDS naming the field.
 */
export function assertSpan(ms: number, field: string, minMs: number, maxMs: number): void {
  if (!(ms >= minMs && ms <= maxMs)) throw invalid(field, `must be ${minMs} to ${maxMs} ms`);
}

/** INVALID_FIELDS for one field. */
function invalid(field: string, description: string): DomainError {
  return new DomainError('INVALID_FIELDS', `${field} ${description}`, { violations: [{ field, description }] });
}
