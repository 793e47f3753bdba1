import type { RegistryTables } from '#libs/store/store.ts';
import { createActivations } from './activations.ts';
import { createAudit } from './audit.ts';
import { createPackages } from './packages.ts';
import { createSigningKeys } from './signing-keys.ts';
import type { TablesFile } from './tables-file.ts';

/** Makes the tables of a registry over a file of its schema. */
export function createSqliteRegistryTables(file: TablesFile): RegistryTables {
  return {
    packages: createPackages(file),
    activations: createActivations(file),
    signingKeys: createSigningKeys(file),
    audit: createAudit(file),
  };
}
