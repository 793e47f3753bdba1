import { randomUUID } from 'node:crypto';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { PartitionNode } from '#libs/partition/serve/node.ts';
import type { Clock } from '#libs/partition/timers/clock.ts';
import { createLocalServer, type LocalServer } from '#libs/rpc/local/local-server.ts';
import { createMemoryData, openMemoryStateStore } from '#libs/store/memory/open.ts';
import { slotsOfPartition } from '#libs/store/slots.ts';
import type { StateStore } from '#libs/store/store.ts';
import { createStateBindings } from '#services/state/bindings.ts';
import { createPartitions } from '#services/state/partitions.ts';
import { createAccess } from '#services/state/rpc/access/access.ts';
import { MAX_PAYLOAD_BYTES, type StateContext } from '#services/state/rpc/context.ts';
import { soloCluster } from './solo-cluster.ts';

/** A state service in this process, with its data in memory. */
export interface TestState {
  readonly server: LocalServer;
  /** When a run wakes next. Infinity: none does. */
  nextWakeTime(): number;
  /** Counts every worker that is connected as heard just now. */
  hearWorkers(): void;
  /** Whether a worker is connected. */
  isConnected(workerId: string): boolean;
  /** Ends it as a crash would, and starts another one that recovers from the journal. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** What a state service of tests is made of. */
export interface TestStateOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** A message is on its way, or has arrived. */
  readonly onActivity: () => void;
}

/** Everything is in memory, so that whatever takes this long will never end. */
const RECOVERY_MS = 30_000;
const MAX_ROWS = 1_000_000;
const NODE_ID = 'test';

/** Starts a state service: engine, partitions, journal and handlers are the real ones. */
export async function startTestState(options: TestStateOptions): Promise<TestState> {
  const { clock, log } = options;
  const data = createMemoryData();
  let running = await start();

  async function start(): Promise<{ readonly node: PartitionNode; readonly server: LocalServer }> {
    const signal = AbortSignal.timeout(RECOVERY_MS);
    const onTrouble = (error: unknown): void => log.warn({ err: error }, 'the store has trouble');
    const store = await openMemoryStateStore({ log, signal, onTrouble }, { data });
    const world = { clock, maxIdleRuns: Number.POSITIVE_INFINITY };
    const { node, definitions, readRules, newIncarnation } = createPartitions(store, log, ALONE, world);
    for (let partition = 0; partition < store.meta.partitions; partition += 1) {
      await takeOver(store, node, partition, signal);
      await loadSleeping(store, node, partition);
    }
    const nowMs = (): number => clock.now();
    const access = createAccess({ tables: store.tables, rootSecret: undefined, log, nowMs });
    const context: StateContext = {
      store,
      log,
      node,
      definitions,
      access,
      cluster: soloCluster(store.meta.partitions),
      history: { tables: store.tables, readRules },
      nodeId: NODE_ID,
      nowMs,
      newId: () => randomUUID(),
      newIncarnation,
      random: () => Math.random(),
      maxPayloadBytes: MAX_PAYLOAD_BYTES,
    };
    const services = createStateBindings(context);
    return { node, server: createLocalServer({ services, log, onActivity: options.onActivity }) };
  }

  async function stop(): Promise<void> {
    running.server.close();
    await running.node.stop();
  }

  return {
    get server() {
      return running.server;
    },
    nextWakeTime: () => Math.min(...running.node.served().map((partition) => partition.nextWakeTime())),
    hearWorkers: () => {
      const { dispatch } = running.node;
      for (const session of dispatch.sessions()) if (session.link !== undefined) dispatch.heard(session);
    },
    isConnected: (workerId) =>
      Iterator.from(running.node.dispatch.sessions()).some(
        (session) => session.workerId === workerId && session.link !== undefined,
      ),
    restart: async () => {
      await stop();
      running = await start();
    },
    stop,
  };
}

const ALONE = {
  deliver: (_source: number, target: number): Promise<never> =>
    Promise.reject(new DomainError('NOT_OWNER', `partition ${target} is not served here`)),
  mayAnswer: () => true,
  onLost: () => undefined,
};

/** Takes a partition over, as the one after whoever had it last. */
async function takeOver(
  { tables }: StateStore,
  node: PartitionNode,
  partition: number,
  signal: AbortSignal,
): Promise<void> {
  const lease = await tables.leases.read(partition);
  const epoch = (lease?.epoch ?? 0) + 1;
  const row = { partition, nodeId: NODE_ID, epoch, body: new Uint8Array() };
  if (lease === undefined) await tables.leases.insert(row);
  else await tables.leases.replace({ ...row, revision: lease.revision });
  await node.takeOver(partition, epoch, signal);
}

/** Brings the runs that sleep into memory, so that it is known when the next one wakes. */
async function loadSleeping({ tables, meta }: StateStore, node: PartitionNode, partition: number): Promise<void> {
  const slots = slotsOfPartition(partition, meta.partitions);
  const sleeping = await tables.dueBefore(slots, Number.POSITIVE_INFINITY, MAX_ROWS);
  await Promise.all(
    sleeping.map(
      (key) =>
        new Promise<void>((resolve) => {
          node.partitionAt(partition).visit(key, { intent: 'read', act: () => resolve(), fail: () => resolve() });
        }),
    ),
  );
}
