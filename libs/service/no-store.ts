import { DomainError } from '#libs/errors/domain-error.ts';
import type { ServiceName } from './listen-config.ts';

/** Refuses what is about a store, on behalf of a service that has none. */
export function refuseWithoutStore(service: ServiceName): () => never {
  return () => {
    throw new DomainError('NO_STORE', `the ${service} service keeps no data`);
  };
}
