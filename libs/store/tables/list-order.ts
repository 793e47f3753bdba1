import type { ActivationRow } from './activations.ts';
import type { DeadLetterRow } from './dead-letters.ts';
import type { DefinitionRow } from './definitions.ts';
import type { HeadRow, PastHeadRow } from './heads.ts';
import type { PackageRow, SigningKeyRow } from './packages.ts';
import type { TenantRow } from './tenants.ts';
import { compareText } from './text-order.ts';
import type { TokenRow } from './tokens.ts';

/** A place in a list: what its rows are ordered by, the part that tells equal ones apart last. */
export type Place = readonly (string | number)[];

/** What a part of a place is and which way it runs: texts by their UTF-8 bytes, `down` for newest first. */
type PartOrder<P> = P extends string ? 'text' | 'text down' : 'number' | 'number down';

/** The order of a list. Every store keeps it, so that a page token means the same in each. */
export interface ListOrder<R, P extends Place> {
  /** Tells the tokens of one list from those of another. */
  readonly list: string;
  readonly parts: { readonly [I in keyof P]: PartOrder<P[I]> };
  readonly placeOf: (row: R) => P;
}

/** Compares two places of a list; negative when `a` comes first. */
export function comparePlaces<P extends Place>(order: ListOrder<never, P>, a: P, b: P): number {
  for (const [index, part] of order.parts.entries()) {
    const [partA, partB] = [a[index], b[index]];
    const difference =
      typeof partA === 'string' && typeof partB === 'string'
        ? compareText(partA, partB)
        : Number(partA) - Number(partB);
    if (difference !== 0) {
      return part.endsWith('down') ? -difference : difference;
    }
  }
  return 0;
}

/** Start time descending, then run id. */
export const HEAD_ORDER: ListOrder<HeadRow, readonly [number, string]> = {
  list: 'heads',
  parts: ['number down', 'text'],
  placeOf: (row) => [row.startTime, row.runId],
};

/** Newest first: incarnations grow with time. */
export const PAST_HEAD_ORDER: ListOrder<PastHeadRow, readonly [string]> = {
  list: 'past-heads',
  parts: ['text down'],
  placeOf: (row) => [row.incarnation],
};

/** By run id. */
export const SNAPSHOT_RUN_ORDER: ListOrder<string, readonly [string]> = {
  list: 'snapshot-runs',
  parts: ['text'],
  placeOf: (runId) => [runId],
};

/** Newest first, then by id. */
export const DEAD_LETTER_ORDER: ListOrder<DeadLetterRow, readonly [number, string]> = {
  list: 'dead-letters',
  parts: ['number down', 'text'],
  placeOf: (row) => [row.deadTime, row.deadLetterId],
};

/** By workflow, then newest first, then by version. */
export const DEFINITION_ORDER: ListOrder<DefinitionRow, readonly [string, number, string]> = {
  list: 'definitions',
  parts: ['text', 'number down', 'text'],
  placeOf: (row) => [row.workflow, row.createTime, row.version],
};

/** By name. */
export const NEWEST_ACTIVATION_ORDER: ListOrder<ActivationRow, readonly [string]> = {
  list: 'newest-activations',
  parts: ['text'],
  placeOf: (row) => [row.name],
};

/** Newest first. */
export const ACTIVATION_ORDER: ListOrder<ActivationRow, readonly [number]> = {
  list: 'activations',
  parts: ['number down'],
  placeOf: (row) => [row.number],
};

/** By id. */
export const TENANT_ORDER: ListOrder<TenantRow, readonly [string]> = {
  list: 'tenants',
  parts: ['text'],
  placeOf: (row) => [row.tenantId],
};

/** Newest first, then by id. */
export const TOKEN_ORDER: ListOrder<TokenRow, readonly [number, string]> = {
  list: 'tokens',
  parts: ['number down', 'text'],
  placeOf: (row) => [row.createTime, row.tokenId],
};

/** By name, then newest first, then by version. */
export const PACKAGE_ORDER: ListOrder<PackageRow, readonly [string, number, string]> = {
  list: 'packages',
  parts: ['text', 'number down', 'text'],
  placeOf: (row) => [row.name, row.createTime, row.version],
};

/** By id. */
export const SIGNING_KEY_ORDER: ListOrder<SigningKeyRow, readonly [string]> = {
  list: 'signing-keys',
  parts: ['text'],
  placeOf: (row) => [row.keyId],
};
