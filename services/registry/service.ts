import type { StartScope } from '#libs/lifecycle/run-program.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import { openContextOf } from '#libs/service/open-service-store.ts';
import { startServer } from '#libs/service/start-server.ts';
import { maybeTokenCheck } from '#libs/service/token-check.ts';
import { createRegistryBindings } from './bindings.ts';
import { REGISTRY_SUMMARY, type RegistryConfig } from './config.ts';
import { openStore } from './open-store.ts';

/** What the registry service is started with. */
export interface RegistryOptions {
  readonly config: RegistryConfig;
  readonly log: Logger;
  readonly process: NodeJS.Process;
}

/**
 * Starts the registry service and adds what it started to the scope's parts. Answers where it is reached once it is ready.
 *
 * @throws StartError for what its user can mend.
 */
export async function startRegistry(
  { config, log, process }: RegistryOptions,
  scope: StartScope,
): Promise<RpcAddresses> {
  const store = await openStore(config.store, openContextOf(scope, log));
  scope.parts.add({ name: 'registry store', close: () => store[Symbol.asyncDispose]() });
  const check = maybeTokenCheck(config, log);
  if (check !== undefined) {
    scope.parts.add({ name: 'connection for tokens', close: () => check[Symbol.asyncDispose]() });
  }
  const server = await startServer(
    {
      service: 'registry',
      summary: REGISTRY_SUMMARY,
      config,
      log,
      source: { service: 'registry', store, parts: store.backup },
      ...(check === undefined ? {} : { authenticator: check.authenticator, tenants: check.tenants, hasTokens: true }),
      bindings: createRegistryBindings(),
      process,
    },
    scope.parts,
  );
  server.markReady();
  return server.addresses;
}
