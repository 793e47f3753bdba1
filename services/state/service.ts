import { randomUUID } from 'node:crypto';
import type { StartScope } from '#libs/lifecycle/run-program.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import { openContextOf } from '#libs/service/open-service-store.ts';
import { startServer } from '#libs/service/start-server.ts';
import { createStateBindings } from './bindings.ts';
import { STATE_SUMMARY, type StateConfig } from './config.ts';
import { openStore } from './open-store.ts';
import { createPartitions, newNodeId } from './partitions.ts';
import { soloCluster } from './rpc/cluster.ts';
import { MAX_PAYLOAD_BYTES, type StateContext } from './rpc/context.ts';
import { SWEEP_INTERVAL_MS, startUploadSweep } from './rpc/payloads/upload-sweep.ts';

/** What the state service is started with. */
export interface StateOptions {
  readonly config: StateConfig;
  readonly log: Logger;
  readonly process: NodeJS.Process;
}

/**
 * Starts the state service and adds what it started to the scope's parts. Answers where it is reached once it is ready.
 *
 * @throws StartError for what its user can mend.
 */
export async function startState({ config, log, process }: StateOptions, scope: StartScope): Promise<RpcAddresses> {
  const store = await openStore(config.store, openContextOf(scope, log));
  scope.parts.add({ name: 'state store', close: () => store[Symbol.asyncDispose]() });
  const { node, definitions, readRules, newIncarnation } = createPartitions(store, log, {
    deliver: (_source, target) => Promise.reject(new Error(`partition ${target} is not served here`)),
    mayAnswer: () => true,
    onLost: (partition, error) => log.error({ err: error, partition }, 'a partition was lost'),
  });
  scope.parts.add({ name: 'partitions', close: () => node.stop() });
  for (let partition = 0; partition < store.meta.partitions; partition += 1) {
    const lease = await store.tables.leases.read(partition);
    const epoch = (lease?.epoch ?? 0) + 1;
    const row = { partition, nodeId: 'x', epoch, body: new Uint8Array() };
    if (lease === undefined) await store.tables.leases.insert(row);
    else await store.tables.leases.replace({ ...row, revision: lease.revision });
    await node.takeOver(partition, epoch, scope.signal);
  }
  const context: StateContext = {
    store,
    log,
    node,
    definitions,
    cluster: soloCluster(store.meta.partitions),
    history: { tables: store.tables, readRules },
    nodeId: newNodeId(),
    nowMs: () => Date.now(),
    newId: () => randomUUID(),
    newIncarnation,
    random: () => Math.random(),
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  };
  const { blobs } = store;
  const sweep = startUploadSweep({ blobs, log, nowMs: context.nowMs, intervalMs: SWEEP_INTERVAL_MS });
  scope.parts.add({ name: 'sweep of uploads', close: () => sweep[Symbol.asyncDispose]() });
  const server = await startServer(
    {
      service: 'state',
      summary: STATE_SUMMARY,
      config,
      log,
      source: { service: 'state', store, parts: store.backup },
      bindings: createStateBindings(context),
      process,
    },
    scope.parts,
  );
  server.markReady();
  return server.addresses;
}
