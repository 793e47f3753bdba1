import type { StateTables } from '#libs/store/store.ts';
import { createActivations } from './activations.ts';
import { createAudit } from './audit.ts';
import { createCheckpoints } from './checkpoints.ts';
import { createCounters } from './counters.ts';
import { createCursors } from './cursors.ts';
import { createDeadLetters, createDeadLetterWriter } from './dead-letters.ts';
import { createDefinitions } from './definitions.ts';
import { createHeadAttributes } from './head-attributes.ts';
import { createHeadGroups, HEAD_COUNT_COLUMNS } from './head-groups.ts';
import { createHeadStreams } from './head-stream.ts';
import { createHeadWriter } from './head-writer.ts';
import { createHeads } from './heads.ts';
import { createIncarnationRows } from './incarnation-rows.ts';
import { createItemWriter, ITEM_COUNT_COLUMNS } from './item-writer.ts';
import { createItems } from './items.ts';
import { createLeases } from './leases.ts';
import { createMembers } from './members.ts';
import { createOutbox, createOutboxWriter } from './outbox.ts';
import { createPastHeads, createPastHeadWriter } from './past-heads.ts';
import { createRequestIds, createRequestIdWriter } from './request-ids.ts';
import { createRowWriter } from './row-writer.ts';
import { createSegments, createSegmentWriter } from './segments.ts';
import { createSignals, createSignalWriter } from './signals.ts';
import { createSnapshots, createSnapshotWriter } from './snapshots.ts';
import type { TablesFile } from './tables-file.ts';
import { createTenants } from './tenants.ts';
import { createTokens } from './tokens.ts';

/** Makes the tables of a state service over a file of its schema. */
export function createSqliteStateTables(file: TablesFile): StateTables {
  const attributes = createHeadAttributes(file);
  const headCounts = createCounters(file, 'head_counts', HEAD_COUNT_COLUMNS);
  const itemCounts = createCounters(file, 'item_counts', ITEM_COUNT_COLUMNS);
  const heads = createHeadWriter(file, attributes, headCounts);
  const items = createItemWriter(file, itemCounts);
  const incarnations = ['segments', 'snapshots', 'signals', 'dead_letters'].map((table) =>
    createIncarnationRows(file, table),
  );
  return {
    ...createHeads(file, { streams: createHeadStreams(file), groups: createHeadGroups(file), attributes }),
    ...createPastHeads(file),
    ...createSegments(file),
    ...createSnapshots(file),
    ...createItems(file),
    ...createSignals(file),
    ...createDeadLetters(file),
    ...createOutbox(file),
    ...createRequestIds(file),
    ...createRowWriter(file, {
      writers: {
        heads,
        pastHeads: createPastHeadWriter(file),
        segments: createSegmentWriter(file),
        snapshots: createSnapshotWriter(file),
        items,
        signals: createSignalWriter(file),
        deadLetters: createDeadLetterWriter(file),
        outbox: createOutboxWriter(file),
        requestIds: createRequestIdWriter(file),
      },
      deleteHead: (stamp, key) => heads.deleteIncarnation(stamp, key),
      incarnations: [...incarnations, items.ofIncarnation],
      counters: [headCounts, itemCounts],
    }),
    ...createCheckpoints(file),
    ...createCursors(file),
    definitions: createDefinitions(file),
    activations: createActivations(file),
    tenants: createTenants(file),
    tokens: createTokens(file),
    leases: createLeases(file),
    members: createMembers(file),
    audit: createAudit(file),
  };
}
