import { DomainError } from '#libs/errors/domain-error.ts';
import { hasControlCharacter } from '#libs/rpc/validation/control-character.ts';

/** Bytes of the name of a step, signal, key or workflow. */
const MAX_NAME_BYTES: number = 128;
/** Bytes of a scope. */
const MAX_SCOPE_BYTES = 1_024;

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
 * Guards the scope of a branch.
 *
 * @throws INVALID_FIELDS: up to 1 024 bytes.
 */
export function assertScope(scope: string): void {
  if (scope.length * 3 <= MAX_SCOPE_BYTES || Buffer.byteLength(scope) <= MAX_SCOPE_BYTES) return;
  throw invalid('scope', `must have at most ${MAX_SCOPE_BYTES} bytes: branches within branches go too deep`);
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
