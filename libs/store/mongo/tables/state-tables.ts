import type { Db } from 'mongodb';
import type { StateTables } from '#libs/store/store.ts';
import { createActivations } from './activations.ts';
import { createAudit } from './audit.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createDefinitions } from './definitions.ts';
import { createHeads } from './heads.ts';
import { createItems } from './items.ts';
import { createLeases } from './leases.ts';
import { createMarks } from './marks.ts';
import { createMembers } from './members.ts';
import { createOutbox } from './outbox.ts';
import { createPastHeads } from './past-heads.ts';
import { createRequestIds } from './request-ids.ts';
import { createRowWriter } from './row-writer.ts';
import { createSegments } from './segments.ts';
import { createSignals } from './signals.ts';
import { createSnapshots } from './snapshots.ts';
import { createTablesContext, type MongoTablesOptions } from './tables-context.ts';
import { createTenants } from './tenants.ts';
import { createTokens } from './tokens.ts';

/**
 * The tables of a state service in a server of the MongoDB protocol, whose collections `ensureStateCollections` has made.
 * Rows keep the names of their fields. How long a call may take is up to the client that `db` is of.
 */
export function createMongoStateTables(db: Db, options: MongoTablesOptions = {}): StateTables {
  const context = createTablesContext(db, options);
  return {
    ...createHeads(context),
    ...createPastHeads(context),
    ...createSegments(context),
    ...createSnapshots(context),
    ...createItems(context),
    ...createSignals(context),
    ...createDeadLetters(context),
    ...createOutbox(context),
    ...createRequestIds(context),
    ...createRowWriter(context),
    ...createMarks(context),
    definitions: createDefinitions(context),
    activations: createActivations(context),
    tenants: createTenants(context),
    tokens: createTokens(context),
    leases: createLeases(context),
    members: createMembers(context),
    audit: createAudit(context),
  };
}
