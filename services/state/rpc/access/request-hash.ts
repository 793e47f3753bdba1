import { createHash } from 'node:crypto';

/** What tells a repeat of a request from another one under its id: a hash over all that it says besides. */
export function requestHash(words: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(words, plainValue)).digest('hex');
}

function plainValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
