import type { Db } from 'mongodb';
import type { RegistryTables } from '#libs/store/store.ts';
import { createActivations } from './activations.ts';
import { createAudit } from './audit.ts';
import { createPackages } from './packages.ts';
import { createSigningKeys } from './signing-keys.ts';
import { createTablesContext, type MongoTablesOptions } from './tables-context.ts';

/**
 * The tables of a registry in a server of the MongoDB protocol, whose collections `ensureRegistryCollections` has made.
 * How long a call may take is up to the client that `db` is of.
 */
export function createMongoRegistryTables(db: Db, options: MongoTablesOptions = {}): RegistryTables {
  const context = createTablesContext(db, options);
  return {
    packages: createPackages(context),
    activations: createActivations(context),
    signingKeys: createSigningKeys(context),
    audit: createAudit(context),
  };
}
