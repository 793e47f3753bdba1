import type { PartStack } from '#libs/lifecycle/part-stack.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import type { ServiceName } from '#libs/service/listen-config.ts';
import { lockFolder } from '#libs/store/sqlite/folder-lock.ts';
import { startRegistry } from '#services/registry/service.ts';
import { startState } from '#services/state/service.ts';
import { startWorker } from '#services/worker/service.ts';
import { type DevConfig, listenOf } from './config.ts';

/** What the three services are started with. */
export interface DevOptions {
  readonly config: DevConfig;
  readonly createLog: (service: ServiceName) => Promise<Logger>;
  readonly process: NodeJS.Process;
}

/**
 * Starts registry, state and worker service in this process, each on addresses of its own, over one data folder.
 * Answers where they are reached once all are ready.
 *
 * @throws StartError for what its user can mend.
 */
export async function startDev(
  { config, createLog, process }: DevOptions,
  parts: PartStack,
): Promise<Readonly<Record<ServiceName, RpcAddresses>>> {
  const lock = lockFolder(config.store.folder, process.pid);
  parts.add({ name: 'data folder', close: () => lock[Symbol.dispose]() });
  const optionsFor = async (service: ServiceName) => ({
    config: { ...config, ...listenOf(config, service) },
    log: await createLog(service),
    process,
  });
  const state = await startState(await optionsFor('state'), parts);
  const registry = await startRegistry(await optionsFor('registry'), parts);
  const forWorker = await optionsFor('worker');
  const peers = { stateAddress: state.grpc, registryAddress: registry.grpc };
  const worker = await startWorker({ ...forWorker, config: { ...forWorker.config, ...peers } }, parts);
  return { registry, state, worker };
}
