import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { RpcLimits } from '#libs/rpc/server-options.ts';
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';
import type { StateStore } from '#libs/store/store.ts';
import { createStateBindings } from '#services/state/bindings.ts';
import { createPartitions } from '#services/state/partitions.ts';
import type { StateContext } from '#services/state/rpc/context.ts';
import { createDrainWorker } from '#services/state/rpc/dispatch-service/drain-worker.ts';
import { createGetHistory } from '#services/state/rpc/dispatch-service/get-history.ts';
import { createListWorkers } from '#services/state/rpc/dispatch-service/list-workers.ts';
import { createGetLatestSequence } from '#services/state/rpc/event-log-service/get-latest-sequence.ts';
import { createListEvents } from '#services/state/rpc/event-log-service/list-events.ts';
import { createWatchEvents } from '#services/state/rpc/event-log-service/watch-events.ts';
import { createCountRuns } from '#services/state/rpc/run-service/count-runs.ts';
import { createExplainRun } from '#services/state/rpc/run-service/explain-run.ts';
import { createListRuns } from '#services/state/rpc/run-service/list-runs.ts';
import { createWatchRun } from '#services/state/rpc/run-service/watch-run.ts';
import { serveEcho } from '#test/doors/serve-echo.ts';
import { createTokenAuthenticator } from '#test/doors/token-authenticator.ts';
import { LIMIT_BYTES, type ServedState } from './serve-state.ts';
import { soloCluster } from './solo-cluster.ts';

/** Serves the state service on a store that is open, with all its partitions and its reading calls. */
export async function serveReads(
  store: StateStore,
  changes: Partial<StateContext> = {},
  limits?: Partial<RpcLimits>,
): Promise<ServedState> {
  const log = pino({ level: 'silent' });
  const { node, definitions, readRules, newIncarnation } = createPartitions(store, log, {
    deliver: (_source, target) => Promise.reject(new Error(`partition ${target} is not served here`)),
    mayAnswer: () => true,
    onLost: () => undefined,
  });
  for (let partition = 0; partition < store.meta.partitions; partition += 1) {
    await node.takeOver(partition, 1, AbortSignal.timeout(10_000));
  }
  const context: StateContext = {
    store,
    log,
    node,
    definitions,
    cluster: soloCluster(store.meta.partitions),
    history: { tables: store.tables, readRules },
    nodeId: 'test',
    nowMs: () => Date.now(),
    newId: () => randomUUID(),
    newIncarnation,
    random: () => Math.random(),
    maxPayloadBytes: LIMIT_BYTES,
    ...changes,
  };
  const served = await serveEcho({
    services: withReads(createStateBindings(context), context),
    authenticator: createTokenAuthenticator('at once'),
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

/** The bindings of the service with its reading calls. */
function withReads(bindings: readonly ServiceBinding[], context: StateContext): readonly ServiceBinding[] {
  const reads = [
    bindService(RunService, {
      listRuns: createListRuns(context),
      countRuns: createCountRuns(context),
      watchRun: createWatchRun(context),
      explainRun: createExplainRun(context),
    }),
    bindService(EventLogService, {
      listEvents: createListEvents(context),
      getLatestSequence: createGetLatestSequence(context),
      watchEvents: createWatchEvents(context),
    }),
    bindService(DispatchService, {
      getHistory: createGetHistory(context),
      listWorkers: createListWorkers(context),
      drainWorker: createDrainWorker(context),
    }),
  ];
  const byPath = new Map(reads.flatMap(({ methods }) => methods.map((method) => [method.path, method])));
  return bindings.map(({ service, methods }) => ({
    service,
    methods: methods.map((method) => (method.handler === undefined ? (byPath.get(method.path) ?? method) : method)),
  }));
}
