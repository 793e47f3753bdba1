import { DomainError } from '#libs/errors/domain-error.ts';

/** How long a request id is remembered. */
export const REQUEST_ID_MS: number = 24 * 60 * 60 * 1000;

/**
 * Guards that a repeat asks for the same as the first request under its id, by the hashes of both.
 *
 * @throws REQUEST_ID_REUSED.
 */
export function assertSameRequest<T extends string | Uint8Array>(kept: T, asked: T, requestId: string): void {
  if (isSame(kept, asked)) return;
  throw new DomainError('REQUEST_ID_REUSED', 'request_id was used with other arguments', {
    metadata: { request_id: requestId },
  });
}

function isSame(a: string | Uint8Array, b: string | Uint8Array): boolean {
  return typeof a === 'string' || typeof b === 'string' ? a === b : Buffer.compare(a, b) === 0;
}
