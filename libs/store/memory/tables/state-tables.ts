import type { StateTables } from '#libs/store/store.ts';
import { createActivations } from './activations.ts';
import { createAudit } from './audit.ts';
import { createCheckpoints } from './checkpoints.ts';
import { createCursors } from './cursors.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createDefinitions } from './definitions.ts';
import { createHeads } from './heads.ts';
import { createItems } from './items.ts';
import { createLeases } from './leases.ts';
import { createMembers } from './members.ts';
import { createOutbox } from './outbox.ts';
import { createPastHeads } from './past-heads.ts';
import { createRequestIds } from './request-ids.ts';
import { createRowWriter } from './row-writer.ts';
import { createSegments } from './segments.ts';
import { createSignals } from './signals.ts';
import { createSnapshots } from './snapshots.ts';
import { createTenants } from './tenants.ts';
import { createTokens } from './tokens.ts';

/** Makes the empty tables of a state service in memory: what every other store is compared with. */
export function createMemoryStateTables(): StateTables {
  const heads = createHeads();
  const pastHeads = createPastHeads();
  const segments = createSegments();
  const snapshots = createSnapshots();
  const items = createItems();
  const signals = createSignals();
  const deadLetters = createDeadLetters();
  const outbox = createOutbox();
  const requestIds = createRequestIds();
  return {
    ...heads.table,
    ...pastHeads.table,
    ...segments.table,
    ...snapshots.table,
    ...items.table,
    ...signals.table,
    ...deadLetters.table,
    ...outbox.table,
    ...requestIds.table,
    ...createRowWriter({
      writers: {
        heads: heads.writer,
        pastHeads: pastHeads.writer,
        segments: segments.writer,
        snapshots: snapshots.writer,
        items: items.writer,
        signals: signals.writer,
        deadLetters: deadLetters.writer,
        outbox: outbox.writer,
        requestIds: requestIds.writer,
      },
      deleteHead: (stamp, key) => heads.deleteIncarnation(stamp, key),
      incarnations: [
        segments.ofIncarnation,
        snapshots.ofIncarnation,
        items.ofIncarnation,
        signals.ofIncarnation,
        deadLetters.ofIncarnation,
      ],
    }),
    ...createCheckpoints(),
    ...createCursors(),
    definitions: createDefinitions(),
    activations: createActivations(),
    tenants: createTenants(),
    tokens: createTokens(),
    leases: createLeases(),
    members: createMembers(),
    audit: createAudit(),
  };
}
