import { randomUUID } from 'node:crypto';
import type { CallOptions, Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { pino } from 'pino';
import type { PartitionNode } from '#libs/partition/serve/node.ts';
import type { RpcAddresses, RpcLimits } from '#libs/rpc/server-options.ts';
import type { ServiceBinding } from '#libs/rpc/service-binding.ts';
import type { StateStore } from '#libs/store/store.ts';
import { createStateBindings } from '#services/state/bindings.ts';
import { createPartitions, type PartitionWorld } from '#services/state/partitions.ts';
import { createAccess } from '#services/state/rpc/access/access.ts';
import { obeyTenants } from '#services/state/rpc/access/obey-tenants.ts';
import type { StateContext } from '#services/state/rpc/context.ts';
import { soloCluster } from '#services/testing/solo-cluster.ts';
import { doorName } from '#test/conformance/places.ts';
import { type ServedEcho, serveEcho } from '#test/doors/serve-echo.ts';
import { as, createTokenAuthenticator } from '#test/doors/token-authenticator.ts';

/** A door of the service and how to speak with it. */
export interface Door {
  readonly name: string;
  readonly transport: (addresses: RpcAddresses) => Transport;
}

/** The door of workers and services. */
export const GRPC: Door = {
  name: doorName.gRPC,
  transport: ({ grpc }) => createGrpcTransport({ baseUrl: `http://${grpc}` }),
};

/** The door of browsers and of `curl`. */
export const JSON_DOOR: Door = {
  name: doorName.HTTP,
  transport: ({ http }) =>
    createConnectTransport({ baseUrl: `http://${http}`, httpVersion: '1.1', useBinaryFormat: false }),
};

/**
 * The doors that suites go through: both, but in MongoDB only gRPC unless conformance is looked at. What a door does has
 * nothing to do with the store behind it, and there everything takes longest.
 */
export const DOORS: readonly Door[] = process.env['TEST_DOORS'] === 'grpc' ? [GRPC] : [GRPC, JSON_DOOR];

/** A payload may have as many bytes here as the largest one of the suites. */
export const LIMIT_BYTES: number = 10 * 1024 * 1024;

/** May do everything in every tenant, so that each test has one of its own. */
export const ROOT: CallOptions = as('root');

/** A state service in this process. */
export interface ServedState extends ServedEcho {
  readonly node: PartitionNode;
}

/** How a state service is served besides by default. */
export interface ServingOptions {
  readonly limits?: Partial<RpcLimits>;
  /** Absent: every call is let in. */
  readonly rootSecret?: string;
  readonly world?: PartitionWorld;
  /** Services besides those of the state service. */
  readonly others?: readonly ServiceBinding[];
}

/**
 * Serves the state service's RPCs on a store that is open, with all its partitions. With a root secret calls need tokens
 * of the store, else those of the tests.
 */
export async function serveState(
  store: StateStore,
  changes: Partial<StateContext> = {},
  { limits, rootSecret, world = {}, others = [] }: ServingOptions = {},
): Promise<ServedState> {
  const log = pino({ level: 'silent' });
  const rights = {
    deliver: (_source: number, target: number): Promise<never> =>
      Promise.reject(new Error(`partition ${target} is not served here`)),
    mayAnswer: () => true,
    onLost: () => undefined,
  };
  const { node, definitions, readRules, newIncarnation } = createPartitions(store, log, rights, world);
  await takeAll(store, node);
  const access = createAccess({ tables: store.tables, rootSecret, log, nowMs: changes.nowMs ?? Date.now });
  obeyTenants(access.tenants, node);
  const context: StateContext = {
    store,
    log,
    node,
    definitions,
    access,
    cluster: soloCluster(store.meta.partitions),
    history: { tables: store.tables, readRules },
    nodeId: 'test',
    nowMs: () => node.clock.now(),
    newId: () => randomUUID(),
    newIncarnation,
    random: () => Math.random(),
    maxPayloadBytes: LIMIT_BYTES,
    ...changes,
  };
  const served = await serveEcho({
    services: [...createStateBindings(context), ...others],
    authenticator: rootSecret === undefined ? createTokenAuthenticator('at once') : access.authenticator,
    tenants: access.tenants,
    ...(limits === undefined ? {} : { limits }),
  });
  return {
    ...served,
    node,
    [Symbol.asyncDispose]: async () => {
      await served[Symbol.asyncDispose]();
      await node.stop();
    },
  };
}

/** Takes every partition over, as the one after whoever had it last. */
async function takeAll({ tables, meta }: StateStore, node: PartitionNode): Promise<void> {
  for (let partition = 0; partition < meta.partitions; partition += 1) {
    const lease = await tables.leases.read(partition);
    const epoch = (lease?.epoch ?? 0) + 1;
    const row = { partition, nodeId: 'test', epoch, body: new Uint8Array() };
    if (lease === undefined) await tables.leases.insert(row);
    else await tables.leases.replace({ ...row, revision: lease.revision });
    await node.takeOver(partition, epoch, AbortSignal.timeout(10_000));
  }
}

/** A tenant that no other test has. */
export function newTenant(): string {
  return `tenant-${randomUUID()}`;
}

/** Waits until the tables show all that was committed. */
export async function untilShown({ node }: ServedState): Promise<void> {
  for (const { partition, line } of node.served()) {
    await node.materialised(partition, line.durablePosition, AbortSignal.timeout(10_000));
  }
}
