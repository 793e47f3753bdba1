import type { RegistryTables } from '#libs/store/store.ts';
import type { WritableFile } from '../writes/writes.ts';
import { createActivations } from './activations.ts';
import { createAudit } from './audit.ts';
import { createPackages } from './packages.ts';
import { createSigningKeys } from './signing-keys.ts';

/** Makes the tables of a registry over a file of its schema. */
export function createSqliteRegistryTables(file: WritableFile): RegistryTables {
  return {
    packages: createPackages(file),
    activations: createActivations(file),
    signingKeys: createSigningKeys(file),
    audit: createAudit(file),
  };
}
