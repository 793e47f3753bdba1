import type { PartStack } from '#libs/lifecycle/part-stack.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import { startServer } from '#libs/service/start-server.ts';
import { maybeTokenCheck } from '#libs/service/token-check.ts';
import { createWorkerBindings } from './bindings.ts';
import { WORKER_SUMMARY, type WorkerConfig } from './config.ts';

/** What the worker service is started with. */
export interface WorkerOptions {
  readonly config: WorkerConfig;
  readonly log: Logger;
  readonly process: NodeJS.Process;
}

/**
 * Starts the worker service and adds what it started to the parts. Answers where it is reached once it is ready.
 *
 * @throws StartError for what its user can mend.
 */
export async function startWorker({ config, log, process }: WorkerOptions, parts: PartStack): Promise<RpcAddresses> {
  const check = maybeTokenCheck(config, log);
  if (check !== undefined) {
    parts.add({ name: 'connection for tokens', close: () => check[Symbol.asyncDispose]() });
  }
  const server = await startServer(
    {
      service: 'worker',
      summary: WORKER_SUMMARY,
      config,
      log,
      source: undefined,
      ...(check === undefined ? {} : { authenticator: check.authenticator, tenants: check.tenants, hasTokens: true }),
      bindings: createWorkerBindings(),
      process,
    },
    parts,
  );
  server.markReady();
  return server.addresses;
}
