import { setTimeout as delay } from 'node:timers/promises';
import { ClusterService } from '#gen/millrace/state/v1/cluster_service_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { type StateNode, startStateNode } from '../runs/state-node.ts';

/** Two nodes on one store. Disposing kills both. */
export interface NodePair extends AsyncDisposable {
  /** The node that clients and workers know. */
  readonly near: StateNode;
  /** The node that they do not know, and to which things happen. */
  readonly far: StateNode;
  /** Starts the far node again if it is gone, and waits until both share the partitions again. */
  restore(): Promise<void>;
}

/** The far node owns at least so many partitions before something happens to it. */
const FAR_PARTITIONS = 2;
const SHARED_TIMEOUT_MS = 120_000;
const LOOK_MS = 200;
const START_AFTER_MS = 100;

/** Starts two nodes at the same time, so that each takes its part, and waits until they share the partitions. With a root token calls need tokens. */
export async function startNodePair(store: string, folder: string, rootToken?: string): Promise<NodePair> {
  await using started = new AsyncDisposableStack();
  const env = rootToken === undefined ? {} : { MILLRACE_ROOT_TOKEN: rootToken };
  const first = startStateNode(store, folder, env);
  // The one that makes the store and the one that finds it do not meet.
  await delay(START_AFTER_MS);
  const second = startStateNode(store, folder, env);
  const near = started.use(await first);
  const far = started.use(await second);
  const channel = started.use(
    createChannel({ address: near.address, ...(rootToken === undefined ? {} : { token: rootToken }) }),
  );
  const cluster = createClient(ClusterService, channel);

  async function untilShared(): Promise<void> {
    const until = performance.now() + SHARED_TIMEOUT_MS;
    for (;;) {
      const { members } = await cluster.listMembers({});
      const owned = (members?.members ?? []).map(({ address, partitions }) => ({ address, partitions }));
      const isWhole = owned.reduce((sum, { partitions }) => sum + partitions, 0) === members?.partitionCount;
      const isFarIn = owned.some(({ address, partitions }) => address === far.address && partitions >= FAR_PARTITIONS);
      if (owned.length === 2 && isWhole && isFarIn) return;
      if (performance.now() > until) throw new Error(`partitions are not shared: ${JSON.stringify(owned)}`);
      await delay(LOOK_MS);
    }
  }

  await untilShared();
  const owner = started.move();
  return {
    near,
    far,
    restore: async () => {
      if (!far.isUp()) await far.restart();
      await untilShared();
    },
    [Symbol.asyncDispose]: async () => await owner.disposeAsync(),
  };
}
