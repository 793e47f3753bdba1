import { DomainError } from '#libs/errors/domain-error.ts';
import { slotOf } from '../slots.ts';
import type { IncarnationKey } from '../tables/keys.ts';
import { assertRow } from '../tables/row-limits.ts';
import type { BlobKey, BlobKind } from './blobs.ts';

/** Every kind of blob. */
export const BLOB_KINDS: readonly BlobKind[] = ['payload', 'upload', 'package', 'blob'];

const SLOT_DIGITS = 4;

/**
 * The text that a blob is stored under: its kind, then the parts of its key between slashes. A payload's begins with the
 * slot of its run [journal.md 16] and goes on with its incarnation, so that all of an incarnation is one range.
 *
 * @throws INVALID_FIELDS for a part that is too long, holds NUL or is no Unicode.
 */
export function textFromBlobKey(key: BlobKey): string {
  assertRow('blobs', key);
  switch (key.kind) {
    case 'payload':
      return `${payloadPrefix(key)}${escapePart(key.sha256)}`;
    case 'upload':
      return joinParts('upload', key.tenantId, key.uploadId);
    case 'package':
      return joinParts('package', key.tenantId, key.digest);
    case 'blob':
      return joinParts('blob', key.tenantId, key.sha256);
  }
}

/** What the texts of all payloads of an incarnation begin with, and no other text does. */
export function payloadPrefix(key: IncarnationKey): string {
  const slot = String(slotOf(key.tenantId, key.runId)).padStart(SLOT_DIGITS, '0');
  return `${joinParts('payload', slot, key.tenantId, key.runId, key.incarnation)}/`;
}

/** The text that comes after every text that begins with a prefix that ends in a slash. */
export function endOfPrefix(prefix: string): string {
  // `0` is the character after `/`.
  return `${prefix.slice(0, -1)}0`;
}

/**
 * Reads what `textFromBlobKey` wrote.
 *
 * @throws DATA_CORRUPTION when it is something else.
 */
export function parseBlobKey(text: string): BlobKey {
  const [kind, ...parts] = text.split('/').map(unescapePart);
  const [first = '', second = '', runId = '', incarnation = '', sha256 = ''] = parts;
  if (kind === 'payload' && parts.length === 5) {
    return { kind, tenantId: second, runId, incarnation, sha256 };
  }
  if (parts.length === 2) {
    switch (kind) {
      case 'upload':
        return { kind, tenantId: first, uploadId: second };
      case 'package':
        return { kind, tenantId: first, digest: second };
      case 'blob':
        return { kind, tenantId: first, sha256: second };
      default:
    }
  }
  throw new DomainError('DATA_CORRUPTION', 'the store holds a blob whose key cannot be read', {
    metadata: { key: text },
  });
}

function joinParts(...parts: readonly string[]): string {
  return parts.map(escapePart).join('/');
}

function escapePart(part: string): string {
  return part.replaceAll('%', '%25').replaceAll('/', '%2F');
}

function unescapePart(part: string): string {
  return part.replaceAll('%2F', '/').replaceAll('%25', '%');
}
