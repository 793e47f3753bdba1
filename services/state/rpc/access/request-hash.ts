import { createHash } from 'node:crypto';
import { DomainError } from '#libs/errors/domain-error.ts';

/** How long a request id is remembered. */
export const REQUEST_ID_MS: number = 24 * 60 * 60 * 1000;

/** What tells a repeat of a request from another one under its id: a hash over all that it says besides. */
export function requestHash(words: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(words, plainValue)).digest('hex');
}

/** Refuses other words under an id that was used. */
export function assertSameRequest(kept: string, now: string, requestId: string): void {
  if (kept !== now) {
    throw new DomainError('REQUEST_ID_REUSED', 'request_id was used with other arguments', {
      metadata: { request_id: requestId },
    });
  }
}

function plainValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
