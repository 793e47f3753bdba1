import type { Db } from 'mongodb';
import { ACTIVATION_SPEC } from './activations.ts';
import { AUDIT_SPEC } from './audit.ts';
import { type CollectionIndexes, ensureCollections } from './ensure-collections.ts';
import { PACKAGE_COLLECTION } from './packages.ts';
import { SIGNING_KEY_COLLECTION } from './signing-keys.ts';

/** The collections of a registry. */
const REGISTRY_COLLECTIONS: CollectionIndexes = {
  [PACKAGE_COLLECTION]: [
    { name: 'by_digest', key: { tenantId: 1, digest: 1 } },
    { name: 'by_name', key: { tenantId: 1, name: 1, createTime: -1, version: 1 } },
  ],
  [ACTIVATION_SPEC.collection]: [],
  [SIGNING_KEY_COLLECTION]: [],
  [AUDIT_SPEC.collection]: [],
};

/** Makes what is missing of a registry's collections and indexes. Safe to repeat, and to do by several at once. */
export async function ensureRegistryCollections(db: Db, signal?: AbortSignal): Promise<void> {
  await ensureCollections(db, REGISTRY_COLLECTIONS, signal);
}
