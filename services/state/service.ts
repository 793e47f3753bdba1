import { randomUUID } from 'node:crypto';
import type { StartScope } from '#libs/lifecycle/run-program.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import { openContextOf } from '#libs/service/open-service-store.ts';
import { startServer } from '#libs/service/start-server.ts';
import { createStateBindings } from './bindings.ts';
import { deliverMessages } from './cluster/deliver-messages.ts';
import { createJoinedCluster } from './cluster/joined-cluster.ts';
import { STATE_SUMMARY, type StateConfig } from './config.ts';
import { openStore } from './open-store.ts';
import { createPartitions, newNodeId } from './partitions.ts';
import { createAccess } from './rpc/access/access.ts';
import { obeyTenants } from './rpc/access/obey-tenants.ts';
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
  const nodeId = newNodeId();
  const newId = (): string => randomUUID();
  const joined = createJoinedCluster(store.meta.partitions, newId);
  const { cluster, forwarding } = joined;
  const { node, definitions, readRules, newIncarnation } = createPartitions(store, log, {
    deliver: (source, target, messages) => deliverMessages(cluster, source, target, messages),
    mayAnswer: (partition) => joined.ownership?.mayAnswer(partition) ?? false,
    onLost: (partition, error) => joined.ownership?.onLost(partition, error),
  });
  scope.parts.add({ name: 'partitions', close: () => node.stop() });
  const nowMs = (): number => Date.now();
  const access = createAccess({ tables: store.tables, rootSecret: config.rootToken, log, nowMs });
  obeyTenants(access.tenants, node);
  const context: StateContext = {
    store,
    log,
    node,
    definitions,
    access,
    cluster,
    history: { tables: store.tables, readRules },
    nodeId,
    nowMs,
    newId,
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
      authenticator: access.authenticator,
      tenants: access.tenants,
      hasTokens: config.rootToken !== undefined,
      bindings: createStateBindings(context, store.meta.partitions === 1 ? undefined : forwarding),
      process,
    },
    scope.parts,
  );
  const { ownership, peers } = joined.join({
    store,
    node,
    addresses: server.addresses,
    advertise: config.advertise,
    token: config.rootToken,
    isExclusive: config.store.kind !== 'mongodb',
    nodeId,
    startTimeMs: Math.round(performance.timeOrigin),
    log,
  });
  scope.parts.add({ name: 'peers', close: () => peers[Symbol.asyncDispose]() });
  // After the server, so that partitions are handed over while it still serves.
  scope.parts.add({
    name: 'ownership',
    drain: (graceMs) => ownership.drain(AbortSignal.timeout(Math.floor(graceMs))),
    close: () => ownership[Symbol.asyncDispose](),
  });
  await ownership.start(scope.signal);
  server.markReady();
  return server.addresses;
}
