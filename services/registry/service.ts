import type { PartStack } from '#libs/lifecycle/part-stack.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import { startServer } from '#libs/service/start-server.ts';
import { createRegistryBindings } from './bindings.ts';
import { REGISTRY_SUMMARY, type RegistryConfig } from './config.ts';

/** What the registry service is started with. */
export interface RegistryOptions {
  readonly config: RegistryConfig;
  readonly log: Logger;
  readonly process: NodeJS.Process;
}

/**
 * Starts the registry service and adds what it started to the parts. Answers where it is reached once it is ready.
 *
 * @throws StartError for what its user can mend.
 */
export async function startRegistry(
  { config, log, process }: RegistryOptions,
  parts: PartStack,
): Promise<RpcAddresses> {
  const server = await startServer(
    {
      service: 'registry',
      summary: REGISTRY_SUMMARY,
      config,
      log,
      store: config.store,
      bindings: createRegistryBindings(),
      process,
    },
    parts,
  );
  server.markReady();
  return server.addresses;
}
