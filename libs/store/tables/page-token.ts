import { createHash } from 'node:crypto';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { ListOrder, Place } from './list-order.ts';

/** What a token is bound to: it continues this list of this tenant under this filter and no other. */
export interface TokenScope {
  /** Empty for the list of tenants. */
  readonly tenantId: string;
  /** What the list was asked for, run ids and names included. */
  readonly filter: unknown;
}

const VERSION = 1;
const DIGEST_BYTES = 12;
/** Longer than any place: ids are at most 256 bytes, of which JSON makes six times as many at worst. */
const MAX_TOKEN_CHARACTERS = 8192;

/**
 * Makes the token of a place: version, digest, place. The digest is over all that the token is bound to and the place,
 * so that it also tells a damaged token. It is no secret: a token opens nothing that its caller may not read.
 */
export function pageTokenFromPlace<P extends Place>(
  order: ListOrder<never, P>,
  scope: TokenScope,
  place: NoInfer<P>,
): string {
  const text = JSON.stringify(place);
  return Buffer.concat([Buffer.of(VERSION), digestOf(order.list, scope, text), Buffer.from(text)]).toString(
    'base64url',
  );
}

/**
 * Reads the place that a token names.
 *
 * @throws PAGE_TOKEN_INVALID when the token is damaged, of another version, or of another list, tenant or filter.
 */
export function parsePageToken<P extends Place>(order: ListOrder<never, P>, scope: TokenScope, token: string): P {
  const bytes = token.length <= MAX_TOKEN_CHARACTERS ? Buffer.from(token, 'base64url') : Buffer.alloc(0);
  const text = bytes.toString('utf8', 1 + DIGEST_BYTES);
  const isWhole =
    bytes[0] === VERSION &&
    bytes.subarray(1, 1 + DIGEST_BYTES).equals(digestOf(order.list, scope, text)) &&
    // Decoding passes over characters that are not its own; what is left over was not made here.
    bytes.toString('base64url') === token;
  const place: unknown = isWhole ? maybeJson(text) : undefined;
  if (!isPlaceOf(order, place)) {
    throw new DomainError('PAGE_TOKEN_INVALID', 'page token is damaged or belongs to another list or filter');
  }
  return place;
}

function isPlaceOf<P extends Place>(order: ListOrder<never, P>, place: unknown): place is P {
  const parts: readonly string[] = order.parts;
  return (
    Array.isArray(place) &&
    place.length === parts.length &&
    parts.every((part, index) => typeof place[index] === (part.startsWith('text') ? 'string' : 'number'))
  );
}

function digestOf(list: string, scope: TokenScope, place: string): Buffer {
  const bound = JSON.stringify([VERSION, list, scope.tenantId, scope.filter, place], canonical);
  return createHash('sha256').update(bound).digest().subarray(0, DIGEST_BYTES);
}

/** Objects by name of field, without fields that are absent, so that equal filters are equal texts. */
function canonical(_field: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    return `${value}n`;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
  return value;
}

function maybeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
