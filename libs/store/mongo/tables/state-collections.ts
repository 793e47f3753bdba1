import type { Db } from 'mongodb';
import { ACTIVATION_SPEC } from './activations.ts';
import { AUDIT_SPEC } from './audit.ts';
import { DEAD_LETTER_SPEC } from './dead-letters.ts';
import { DEFINITION_COLLECTION } from './definitions.ts';
import { type CollectionIndexes, ensureCollections } from './ensure-collections.ts';
import { HEAD_SPEC } from './heads.ts';
import { ITEM_SPEC } from './items.ts';
import { LEASE_COLLECTION } from './leases.ts';
import { MARK_COLLECTIONS } from './marks.ts';
import { MEMBER_COLLECTION } from './members.ts';
import { OUTBOX_SPEC } from './outbox.ts';
import { PAST_HEAD_SPEC } from './past-heads.ts';
import { REQUEST_ID_SPEC } from './request-ids.ts';
import { SEGMENT_SPEC } from './segments.ts';
import { SIGNAL_SPEC } from './signals.ts';
import { SNAPSHOT_SPEC } from './snapshots.ts';
import { TENANT_COLLECTION } from './tenants.ts';
import { TOKEN_COLLECTION } from './tokens.ts';
import { TOMBSTONE_COLLECTION } from './tombstones.ts';

/** When rows come to their end. */
const BY_EXPIRY = { name: 'by_expiry', key: { expireTime: 1, _id: 1 } } as const;

/** The collections of a state service. What is found by key, or by the beginning of one, needs no index of its own. */
const STATE_COLLECTIONS: CollectionIndexes = {
  [HEAD_SPEC.collection]: [
    { name: 'by_start', key: { tenantId: 1, startTime: -1, runId: 1 } },
    { name: 'by_term', key: { terms: 1, startTime: -1, runId: 1 } },
    { name: 'by_wake', key: { nextWakeTime: 1, _id: 1 } },
    BY_EXPIRY,
  ],
  [PAST_HEAD_SPEC.collection]: [BY_EXPIRY],
  [SEGMENT_SPEC.collection]: [],
  [SNAPSHOT_SPEC.collection]: [{ name: 'by_run', key: { tenantId: 1, runId: 1 } }],
  [ITEM_SPEC.collection]: [
    { name: 'by_place', key: { place: 1, since: 1, _id: 1 } },
    { name: 'by_due_time', key: { dueTime: 1, _id: 1 } },
  ],
  [SIGNAL_SPEC.collection]: [BY_EXPIRY],
  [DEAD_LETTER_SPEC.collection]: [
    { name: 'by_id', key: { tenantId: 1, deadLetterId: 1 } },
    { name: 'by_time', key: { tenantId: 1, deadTime: -1, deadLetterId: 1 } },
    { name: 'by_queue', key: { tenantId: 1, queue: 1, deadTime: -1, deadLetterId: 1 } },
  ],
  [OUTBOX_SPEC.collection]: [],
  [REQUEST_ID_SPEC.collection]: [BY_EXPIRY],
  [TOMBSTONE_COLLECTION]: [],
  [MARK_COLLECTIONS.checkpoints]: [],
  [MARK_COLLECTIONS.cursors]: [],
  [DEFINITION_COLLECTION]: [
    { name: 'by_workflow', key: { tenantId: 1, workflow: 1, createTime: -1, version: 1 } },
    { name: 'by_package', key: { tenantId: 1, packageDigest: 1, workflow: 1, createTime: -1, version: 1 } },
  ],
  [ACTIVATION_SPEC.collection]: [],
  [TENANT_COLLECTION]: [],
  [TOKEN_COLLECTION]: [
    { name: 'by_secret', key: { secretHash: 1 }, unique: true },
    { name: 'by_time', key: { tenantId: 1, createTime: -1, tokenId: 1 } },
  ],
  [LEASE_COLLECTION]: [],
  [MEMBER_COLLECTION]: [],
  [AUDIT_SPEC.collection]: [],
};

/** Makes what is missing of a state service's collections and indexes. Safe to repeat, and to do by several at once. */
export async function ensureStateCollections(db: Db, signal?: AbortSignal): Promise<void> {
  await ensureCollections(db, STATE_COLLECTIONS, signal);
}
