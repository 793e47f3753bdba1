import { createHash, timingSafeEqual } from 'node:crypto';

/** What every secret begins with, so that people and scanners know one when they see it. */
const PREFIX = 'mlr_';
/** 256 bits, which nobody guesses. */
export const SECRET_BYTES: number = 32;
/** A header that is longer holds no secret of ours, and is not looked at. */
const MAX_HEADER_CHARACTERS = 600;
const BEARER = /^Bearer +([!-~]+) *$/i;

/** The plain text of a token from 32 random bytes: `mlr_` and 43 characters. It is shown once and kept nowhere. */
export function secretFromBytes(bytes: Uint8Array): string {
  return PREFIX + Buffer.from(bytes).toString('base64url');
}

/** What a store keeps in a secret's place: its SHA-256 in hex. A secret of 256 random bits needs no salt. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether two hashes are the same, in the same time whatever they are. */
export function isSameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** The secret in an `authorization` header; undefined where there is none. */
export function maybeSecret(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > MAX_HEADER_CHARACTERS) return undefined;
  return BEARER.exec(authorization)?.[1];
}
