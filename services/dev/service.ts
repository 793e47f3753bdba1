import { join } from 'node:path';
import type { StartScope } from '#libs/lifecycle/run-program.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import type { ServiceName } from '#libs/service/listen-config.ts';
import type { ServiceKind } from '#libs/store/opening/meta-row.ts';
import { databaseOf, type StoreLocation } from '#libs/store/opening/uri.ts';
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
 * Starts registry, state and worker service in this process, each on addresses of its own and with its own part of the
 * store. Answers where they are reached once all are ready.
 *
 * @throws StartError for what its user can mend.
 */
export async function startDev(
  { config, createLog, process }: DevOptions,
  scope: StartScope,
): Promise<Readonly<Record<ServiceName, RpcAddresses>>> {
  if (config.store.kind === 'sqlite') {
    const lock = lockFolder(config.store.folder, process.pid);
    scope.parts.add({ name: 'data folder', close: () => lock[Symbol.dispose]() });
  }
  const optionsFor = async (service: ServiceName) => ({
    config: { ...config, ...listenOf(config, service) },
    log: await createLog(service),
    process,
  });
  const storedOptionsFor = async (service: ServiceKind) => {
    const options = await optionsFor(service);
    return { ...options, config: { ...options.config, store: storeOf(config.store, service) } };
  };
  const forState = await storedOptionsFor('state');
  const state = await startState({ ...forState, config: { ...forState.config, advertise: undefined } }, scope);
  const forRegistry = await storedOptionsFor('registry');
  const asked = { stateAddress: state.grpc, token: undefined };
  const registry = await startRegistry({ ...forRegistry, config: { ...forRegistry.config, ...asked } }, scope);
  const forWorker = await optionsFor('worker');
  const peers = { ...asked, registryAddress: registry.grpc };
  const worker = await startWorker({ ...forWorker, config: { ...forWorker.config, ...peers } }, scope.parts);
  return { registry, state, worker };
}

/** The services share a folder or a server, and nothing in it. */
function storeOf(location: StoreLocation, service: ServiceKind): StoreLocation {
  switch (location.kind) {
    case 'sqlite':
      return { ...location, folder: join(location.folder, service) };
    case 'mongodb': {
      const { database } = location;
      return {
        ...location,
        database: database === undefined ? databaseOf(location, service) : `${database}_${service}`,
      };
    }
    case 'memory':
      return location;
  }
}
