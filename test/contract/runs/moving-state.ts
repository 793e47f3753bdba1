import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type ServedState, serveState } from '#test/contract/state/serve-state.ts';
import type { StateHome } from '#test/contract/state/state-homes.ts';

/** A state service that moves from process to process, as far as its store and its callers can tell. */
export interface MovingState extends AsyncDisposable {
  /** The node that owns all partitions now. */
  readonly served: ServedState;
  /** `127.0.0.1:<port>` of the gRPC door, which stays when the node changes. */
  readonly address: string;
  /** Cuts all connections through `address`. */
  cut(): void;
  /**
   * Another node takes all partitions over. Where the store can be shared the old one is not told and finds out by its
   * next commit, as after a cut network; elsewhere it stops first, without handing anything over.
   */
  failOver(): Promise<ServedState>;
}

/** So many that runs which belong together are in different ones. */
const PARTITIONS = 4;

/** Serves a store that is new. */
export async function createMovingState(createHome: () => Promise<StateHome>): Promise<MovingState> {
  const home = await createHome();
  const sockets = new Set<Socket>();
  let current = await openNode(home);
  let target: string | undefined = current.served.addresses.grpc;

  const relay = createServer((near) => {
    if (target === undefined) {
      near.destroy();
      return;
    }
    const [host = '', port] = target.split(':');
    const far = connect(Number(port), host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const { port } = relay.address() as AddressInfo;

  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }

  return {
    get served() {
      return current.served;
    },
    address: `127.0.0.1:${port}`,
    cut,
    failOver: async () => {
      const before = current;
      target = undefined;
      cut();
      if (!home.isShared) await before[Symbol.asyncDispose]();
      current = await openNode(home);
      target = current.served.addresses.grpc;
      if (home.isShared) await before[Symbol.asyncDispose]();
      return current.served;
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      relay.close();
      await current[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

interface OpenNode extends AsyncDisposable {
  readonly served: ServedState;
}

async function openNode(home: StateHome): Promise<OpenNode> {
  const store = await home.openState({ partitions: PARTITIONS });
  const served = await serveState(store);
  return {
    served,
    [Symbol.asyncDispose]: async () => {
      await served[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
