import type { Versioned, VersionedTable } from '#libs/store/tables/versioned.ts';
import { bodyOf } from './rows.ts';
import type { OpenTables } from './tables-store.ts';

/** A row as tests of all tables alike see it. */
export interface AnyVersioned extends Versioned {
  readonly body: Uint8Array;
}

/** A table whose rows are replaced by compare-and-set, as tests of all of them alike see it. */
export interface VersionedCase {
  readonly name: string;
  /** The table, whatever its keys are. */
  readonly table: (tables: OpenTables) => VersionedTable<unknown, AnyVersioned>;
  /** A row whose key is made of an id. */
  readonly row: (id: string, body: string, tenantId?: string) => Omit<AnyVersioned, 'revision'>;
  readonly keyOf: (id: string, tenantId?: string) => unknown;
  /** Whether keys are numbers, so that no id is awkward. */
  readonly isNumbered?: boolean;
}

function versionedCase<K, R extends AnyVersioned>(spec: {
  readonly name: string;
  readonly table: (tables: OpenTables) => VersionedTable<K, R>;
  readonly keyOf: (id: string, tenantId: string) => K;
  readonly row: (id: string, tenantId: string) => Omit<R, 'revision' | 'body'>;
  readonly isNumbered?: boolean;
}): VersionedCase {
  return {
    ...spec,
    table: (tables) => spec.table(tables) as unknown as VersionedTable<unknown, AnyVersioned>,
    row: (id, body, tenantId = 'tenant') => ({ ...spec.row(id, tenantId), body: bodyOf(body) }),
    keyOf: (id, tenantId = 'tenant') => spec.keyOf(id, tenantId),
  };
}

/** All tables whose rows are replaced by compare-and-set. */
export const VERSIONED_CASES: readonly VersionedCase[] = [
  versionedCase({
    name: 'definitions',
    table: ({ state }) => state.definitions,
    keyOf: (id, tenantId) => ({ tenantId, workflow: id, version: id }),
    row: (id, tenantId) => ({
      tenantId,
      workflow: id,
      version: id,
      hash: 'hash',
      packageDigest: '',
      isRetired: true,
      createTime: 0,
    }),
  }),
  versionedCase({
    name: 'tenants',
    table: ({ state }) => state.tenants,
    // Its keys have no tenant besides: another one is another id.
    keyOf: (id, tenantId) => (tenantId === 'tenant' ? id : `${tenantId} ${id}`),
    row: (id, tenantId) => ({
      tenantId: tenantId === 'tenant' ? id : `${tenantId} ${id}`,
      status: 'ACTIVE',
      createTime: 7,
    }),
  }),
  versionedCase({
    name: 'tokens',
    table: ({ state }) => state.tokens,
    keyOf: (id, tenantId) => ({ tenantId, tokenId: id }),
    row: (id, tenantId) => ({ tenantId, tokenId: id, secretHash: `${tenantId} ${id}`, createTime: 7 }),
  }),
  versionedCase({
    name: 'leases',
    table: ({ state }) => state.leases,
    keyOf: (id, tenantId) => Buffer.byteLength(id) + 1_000 * tenantId.length,
    row: (id, tenantId) => ({ partition: Buffer.byteLength(id) + 1_000 * tenantId.length, nodeId: '', epoch: 3 }),
    isNumbered: true,
  }),
  versionedCase({
    name: 'members',
    table: ({ state }) => state.members,
    keyOf: (id, tenantId) => (tenantId === 'tenant' ? id : `${tenantId} ${id}`),
    row: (id, tenantId) => ({ nodeId: tenantId === 'tenant' ? id : `${tenantId} ${id}` }),
  }),
  versionedCase({
    name: 'packages',
    table: ({ registry }) => registry.packages,
    keyOf: (id, tenantId) => ({ tenantId, name: id, version: id }),
    row: (id, tenantId) => ({ tenantId, name: id, version: id, digest: id, createTime: 7 }),
  }),
  versionedCase({
    name: 'signing keys',
    table: ({ registry }) => registry.signingKeys,
    keyOf: (id, tenantId) => ({ tenantId, keyId: id }),
    row: (id, tenantId) => ({ tenantId, keyId: id, createTime: 7 }),
  }),
];
