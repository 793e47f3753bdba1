import type { RegistryTables } from '#libs/store/store.ts';
import { createActivations } from './activations.ts';
import { createAudit } from './audit.ts';
import { createPackages } from './packages.ts';
import { createSigningKeys } from './signing-keys.ts';

/** Makes the empty tables of a registry in memory. */
export function createMemoryRegistryTables(): RegistryTables {
  return {
    packages: createPackages(),
    activations: createActivations(),
    signingKeys: createSigningKeys(),
    audit: createAudit(),
  };
}
