import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { pino } from 'pino';
import { ClusterService } from '#gen/millrace/state/v1/cluster_service_pb.ts';
import {
  type CancelRunRequest,
  type CancelRunResponse,
  CancelRunResponseSchema,
  type GetRunRequest,
  type GetRunResponse,
  GetRunResponseSchema,
  RunService,
  type WatchRunRequest,
  type WatchRunResponse,
  WatchRunResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { Authenticator } from '#libs/auth/authenticator.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createOwnership } from '#libs/partition/ownership/create-ownership.ts';
import type { Ownership } from '#libs/partition/ownership/ownership.ts';
import { createRecordingHost, type RecordingHost } from '#libs/partition/ownership/testing/recording-host.ts';
import type { OwnershipTiming } from '#libs/partition/ownership/timing.ts';
import { createSystemClock } from '#libs/partition/timers/system-clock.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { createChannel, type RpcChannel } from '#libs/rpc/client/channel.ts';
import type { ServerStreamHandler, UnaryHandler } from '#libs/rpc/handler.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import type { RpcLimits, RpcServer } from '#libs/rpc/server-options.ts';
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { forwarded } from '#services/state/cluster/forwarded.ts';
import { type Forwarding, partitionOfKey } from '#services/state/cluster/forwarding.ts';
import { createPeers, type Peers } from '#services/state/cluster/peers.ts';
import { createListMembers } from '#services/state/rpc/cluster-service/list-members.ts';
import { createWatchMembers } from '#services/state/rpc/cluster-service/watch-members.ts';

/** A call as its handler saw it. */
export interface SeenCall {
  readonly runId: string;
  readonly requestId: string;
  readonly context: CallContext;
}

/** A node with a gRPC door, ownership and peers; its handlers say who served. */
export interface TestNode extends AsyncDisposable {
  readonly nodeId: string;
  readonly ownership: Ownership;
  readonly peers: Peers;
  readonly host: RecordingHost;
  readonly server: RpcServer;
  readonly channel: RpcChannel;
  /** Calls that its own handlers served. */
  readonly served: SeenCall[];
  /** What GetRun does instead of an answer at once. */
  beforeGet: (request: GetRunRequest, context: CallContext) => Promise<void>;
  /** What WatchRun does. */
  watch: ServerStreamHandler<WatchRunRequest, WatchRunResponse>;
  /** Cuts it off from the store. */
  cutStore(): void;
  /** Ends it as a crash does: nothing is said to anybody. */
  crash(): Promise<void>;
}

/** What nodes of a test have in common. */
export interface TestNodeOptions {
  readonly tables: Pick<StateTables, 'leases' | 'members'>;
  readonly partitionCount: number;
  readonly authenticator: Authenticator;
  /** What peers say of themselves. */
  readonly token?: string;
  readonly timing?: Partial<OwnershipTiming>;
  readonly limits?: Partial<RpcLimits>;
  readonly maxWaitMs?: number;
  readonly prepare?: (host: RecordingHost) => void;
}

/** Leases of a second, so that a test sees them end. */
export const SHORT_LEASES: OwnershipTiming = {
  leaseMs: 1_000,
  marginMs: 200,
  renewMs: 200,
  lookMs: 200,
  moveMs: 50,
};

/** Starts a node. */
export async function serveNode(options: TestNodeOptions): Promise<TestNode> {
  const { tables, partitionCount, authenticator, token } = options;
  const nodeId = randomUUID().slice(0, 8);
  const clock = createSystemClock();
  const log = pino({ level: 'silent' });
  const host = createRecordingHost(clock, 5, 5);
  options.prepare?.(host);
  let isCut = false;
  const cut = <T extends object>(table: T): T =>
    new Proxy(table, {
      get: (target, name) => {
        if (isCut) return () => Promise.reject(new DomainError('UNAVAILABLE', 'the store is cut off'));
        return Reflect.get(target, name) as unknown;
      },
    });
  // The address is known only once the server listens.
  const late: { ownership?: Ownership; peers?: Peers } = {};
  const forwarding: Forwarding = {
    get ownership() {
      return opened(late.ownership);
    },
    get peers() {
      return opened(late.peers);
    },
    newId: () => randomUUID(),
    ...(options.maxWaitMs === undefined ? {} : { maxWaitMs: options.maxWaitMs }),
  };
  const clusterContext = {
    get cluster() {
      return opened(late.ownership);
    },
  };
  const served: SeenCall[] = [];
  const keyOf = ({ runId }: { readonly runId: string }, { tenantId }: CallContext): RunKey => ({ tenantId, runId });

  const getRun: UnaryHandler<GetRunRequest, GetRunResponse> = async (request, context) => {
    const { runId } = request;
    served.push({ runId, requestId: context.requestId, context });
    await node.beforeGet(request, context);
    assertServed({ tenantId: context.tenantId, runId });
    return create(GetRunResponseSchema, { run: { runId, workflow: nodeId } });
  };
  const cancelRun: UnaryHandler<CancelRunRequest, CancelRunResponse> = (request, context) => {
    const { runId, requestId } = request;
    served.push({ runId, requestId, context });
    assertServed({ tenantId: context.tenantId, runId });
    return create(CancelRunResponseSchema, { run: { runId, workflow: nodeId } });
  };

  /** As the real node does for a partition that it does not serve. */
  function assertServed(key: RunKey): void {
    if (!host.served.has(partitionOfKey(key, partitionCount))) {
      throw new DomainError('UNAVAILABLE', 'the partition is not served', { retryAfterMs: 250 });
    }
  }

  const services: readonly ServiceBinding[] = [
    bindService(ClusterService, {
      listMembers: createListMembers(clusterContext),
      watchMembers: createWatchMembers(clusterContext),
    }),
    bindService(RunService, {
      getRun: forwarded(forwarding, RunService, 'getRun', keyOf, getRun),
      cancelRun: forwarded(forwarding, RunService, 'cancelRun', keyOf, cancelRun),
      watchRun: forwarded(forwarding, RunService, 'watchRun', keyOf, {
        ping: () => create(WatchRunResponseSchema, { frame: { case: 'ping', value: {} } }),
        handle: (request, context, out) => {
          served.push({ runId: request.runId, requestId: context.requestId, context });
          return node.watch(request, context, out);
        },
      }),
    }),
  ];
  const server = await createRpcServer({
    services,
    grpcListen: '127.0.0.1:0',
    httpListen: '127.0.0.1:0',
    authenticator,
    log,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const address = server.addresses.grpc;
  const ownership = createOwnership({
    node: host,
    tables: { leases: cut(tables.leases), members: cut(tables.members) },
    clock,
    nodeId,
    self: { address, httpAddress: server.addresses.http, version: '0.1.0', newestFormat: 1, startTime: Date.now() },
    partitionCount,
    format: 1,
    log,
    timing: options.timing ?? SHORT_LEASES,
  });
  late.ownership = ownership;
  const peers = createPeers({ ownership, nodeId, log, channel: token === undefined ? {} : { token } });
  late.peers = peers;
  const channel = createChannel({ address });
  await ownership.start(new AbortController().signal);

  async function dispose(): Promise<void> {
    channel.close();
    await peers[Symbol.asyncDispose]();
    await ownership[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  }

  const node: TestNode = {
    nodeId,
    ownership,
    peers,
    host,
    server,
    channel,
    served,
    beforeGet: async () => undefined,
    watch: async () => undefined,
    cutStore: () => {
      isCut = true;
    },
    crash: async () => {
      isCut = true;
      await server[Symbol.asyncDispose]();
      await dispose();
    },
    [Symbol.asyncDispose]: dispose,
  };
  return node;
}

function opened<T>(part: T | undefined): T {
  if (part === undefined) throw new DomainError('UNAVAILABLE', 'the node is starting');
  return part;
}

/** A run whose partition a node owns now. */
export function runOwnedBy({ ownership }: TestNode, tenantId: string): string {
  for (let i = 0; ; i += 1) {
    const runId = `run-${i}`;
    const partition = partitionOfKey({ tenantId, runId }, ownership.partitionCount);
    if (ownership.ownerOf(partition).kind === 'self') return runId;
    if (i > 10_000) throw new RangeError('the node owns nothing');
  }
}

/** Waits until something is so. */
export async function eventually(isSo: () => boolean, timeoutMs = 4_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new RangeError('it has not come to be so');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
