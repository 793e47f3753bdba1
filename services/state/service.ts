import type { PartStack } from '#libs/lifecycle/part-stack.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import { startServer } from '#libs/service/start-server.ts';
import { createStateBindings } from './bindings.ts';
import { STATE_SUMMARY, type StateConfig } from './config.ts';

/** What the state service is started with. */
export interface StateOptions {
  readonly config: StateConfig;
  readonly log: Logger;
  readonly process: NodeJS.Process;
}

/**
 * Starts the state service and adds what it started to the parts. Answers where it is reached once it is ready.
 *
 * @throws StartError for what its user can mend.
 */
export async function startState({ config, log, process }: StateOptions, parts: PartStack): Promise<RpcAddresses> {
  const server = await startServer(
    {
      service: 'state',
      summary: STATE_SUMMARY,
      config,
      log,
      store: config.store,
      bindings: createStateBindings(),
      process,
    },
    parts,
  );
  server.markReady();
  return server.addresses;
}
