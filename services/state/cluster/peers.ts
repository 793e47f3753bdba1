import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterService } from '#gen/millrace/state/v1/cluster_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { MemberView, Ownership } from '#libs/partition/ownership/ownership.ts';
import { createChannel, type RpcChannel } from '#libs/rpc/client/channel.ts';
import type { RpcChannelOptions } from '#libs/rpc/client/channel-options.ts';
import { createClient } from '#libs/rpc/client/client.ts';

/** What connections to the other members are made of. */
export interface PeersOptions {
  readonly ownership: Pick<Ownership, 'members' | 'onChange' | 'nudge'>;
  readonly nodeId: string;
  /** How channels are made besides their address: TLS, and the token that this node speaks for itself with. */
  readonly channel?: Omit<RpcChannelOptions, 'address'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** This node's connections to the other members. Disposing closes them all and waits for their streams to end. */
export interface Peers extends AsyncDisposable {
  /**
   * The way to a member, with this node's own token. It is opened by its first call, shared by all, and closed when no
   * member has the address any more; calls that are under way then may finish.
   *
   * @throws UNAVAILABLE when the connections are closed.
   */
  channelTo(address: string): RpcChannel;
  /** Whether a member has been heard and its stream still stands. */
  isConnected(nodeId: string): boolean;
}

interface Peer {
  readonly nodeId: string;
  readonly address: string;
  readonly stop: AbortController;
  readonly watched: Promise<void>;
  isConnected: boolean;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
/** A stream that stood for so long was a good one: the next one is opened without a long pause. */
const GOOD_STREAM_MS = 5_000;

/**
 * Keeps a channel for each address and a WatchMembers stream to each member. What a member says of the cluster is not
 * believed: that it says something is the reason to look at the rows, so that a lease that was freed or a node that came
 * is noticed within milliseconds.
 */
export function createPeers({ ownership, nodeId, channel = {}, log }: PeersOptions): Peers {
  const channels = new Map<string, RpcChannel>();
  const peers = new Map<string, Peer>();
  let isClosed = false;

  function channelTo(address: string): RpcChannel {
    if (isClosed) throw new DomainError('UNAVAILABLE', 'this node is shutting down', { retryAfterMs: 250 });
    let found = channels.get(address);
    if (found === undefined) {
      found = createChannel({ ...channel, address });
      channels.set(address, found);
    }
    return found;
  }

  function startPeer({ nodeId: id, address }: MemberView): Peer {
    const stop = new AbortController();
    const state = { isConnected: false };
    const hear = (isConnected: boolean): void => {
      if (state.isConnected === isConnected) return;
      state.isConnected = isConnected;
      log.info({ nodeId: id, address, isConnected }, isConnected ? 'peer connected' : 'peer disconnected');
      ownership.nudge();
    };
    const watched = watch(address, stop.signal, hear).catch((error: unknown) => {
      log.warn({ err: error, nodeId: id, address }, 'a peer is not watched any more');
    });
    return Object.assign(state, { nodeId: id, address, stop, watched });
  }

  async function watch(address: string, signal: AbortSignal, hear: (isConnected: boolean) => void): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      const openedMs = performance.now();
      try {
        await read(address, signal, hear);
      } catch (error) {
        // Whatever it is, the next try says whether it still is.
        if (!(error instanceof DomainError)) throw error;
      }
      hear(false);
      if (performance.now() - openedMs > GOOD_STREAM_MS) failures = 0;
      const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (0.5 + 0.5 * Math.random());
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async function read(address: string, signal: AbortSignal, hear: (isConnected: boolean) => void): Promise<void> {
    const client = createClient(ClusterService, channelTo(address), { retry: { maxAttempts: 1 } });
    for await (const { frame } of client.watchMembers({}, { signal })) {
      hear(true);
      if (frame.case === 'members') ownership.nudge();
      if (frame.case === 'goAway') return;
    }
  }

  function follow(): void {
    const others = ownership.members().members.filter((member) => member.nodeId !== nodeId);
    const addresses = new Set(others.map(({ address }) => address));
    for (const [id, peer] of peers) {
      if (others.some((other) => other.nodeId === id && other.address === peer.address)) continue;
      peers.delete(id);
      peer.stop.abort();
    }
    for (const [address, open] of channels) {
      if (addresses.has(address)) continue;
      channels.delete(address);
      open.close();
    }
    for (const other of others) {
      if (!peers.has(other.nodeId)) peers.set(other.nodeId, startPeer(other));
    }
  }

  const unfollow = ownership.onChange(follow);
  follow();
  return {
    channelTo,
    isConnected: (id) => peers.get(id)?.isConnected === true,
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      unfollow();
      const all = [...peers.values()];
      peers.clear();
      for (const { stop } of all) stop.abort();
      await Promise.all(all.map(({ watched }) => watched));
      for (const open of channels.values()) open.close();
      channels.clear();
    },
  };
}
