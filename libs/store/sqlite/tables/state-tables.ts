import type { StateTables } from '#libs/store/store.ts';
import type { RoutedWrites } from '../writes/routed-writes.ts';
import { createActivations } from './activations.ts';
import { createAudit } from './audit.ts';
import { createCheckpoints } from './checkpoints.ts';
import { createCursors } from './cursors.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createDefinitions } from './definitions.ts';
import { createHeadAttributes } from './head-attributes.ts';
import { createHeadGroups } from './head-groups.ts';
import { createHeadStreams } from './head-stream.ts';
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
import type { TablesFile } from './tables-file.ts';
import { createTenants } from './tenants.ts';
import { createTokens } from './tokens.ts';

/**
 * Makes the tables of a state service over a file of its schema: reads are done by its connection, writes are given to
 * `routed`.
 */
export function createSqliteStateTables(file: TablesFile, routed: RoutedWrites): StateTables {
  const writable = { ...file, prepareWrite: routed.prepareWrite };
  const attributes = createHeadAttributes(file);
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
    ...createRowWriter(file, routed),
    ...createCheckpoints(writable),
    ...createCursors(writable),
    definitions: createDefinitions(writable),
    activations: createActivations(writable),
    tenants: createTenants(writable),
    tokens: createTokens(writable),
    leases: createLeases(writable),
    members: createMembers(writable),
    audit: createAudit(writable),
  };
}
