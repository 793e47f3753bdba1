import { create } from '@bufbuild/protobuf';
import {
  DispatchService,
  type WorkRequest,
  WorkRequestSchema,
  type WorkResponse,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { Hello } from '#gen/millrace/state/v1/work_up_pb.ts';
import { WorkMode } from '#gen/millrace/state/v1/worker_pb.ts';
import { PassingMap } from '#libs/collections/passing-map.ts';
import { itemIdFrom } from '#libs/engine/model/lease.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import type { BidiStream } from '#libs/rpc/client/client.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import type { StreamItem } from './stream-items.ts';

/** What a worker said of itself that every node has to know. */
export type WorkerIntroduction = Pick<
  Hello,
  'workerId' | 'sessionId' | 'queues' | 'tags' | 'definitions' | 'tasks' | 'sdk' | 'freeItems'
>;

/** What comes from a peer. */
export interface PeerEvents {
  onMessage(peer: PeerWork, message: WorkResponse): void;
  /** The stream is over: what it carried is with nobody until somebody takes it. */
  onEnd(peer: PeerWork, error: unknown): void;
}

/** A worker's stream to another node, which this node relays. */
export interface PeerWork {
  readonly nodeId: string;
  /** Credits that were given to the node and are not used up by items that have ended. */
  allotment: number;
  /** The message that fills; it leaves at the end of this turn. */
  open(): WorkRequest;
  /** Asks for items of other streams; their peer handles are set. */
  take(items: readonly StreamItem[]): void;
  /** The item that a handle of this stream names. */
  item(peerHandle: number): StreamItem | undefined;
  /** An item came, or has ended. */
  bind(peerHandle: number, item: StreamItem): void;
  unbind(peerHandle: number): void;
  items(): IterableIterator<StreamItem>;
  close(): void;
}

/** Opens the stream to a peer. It says hello at once. */
export function openPeerWork(
  nodeId: string,
  channel: RpcChannel,
  tenantId: string,
  introduction: WorkerIntroduction,
  slots: number,
  held: readonly StreamItem[],
  events: PeerEvents,
): PeerWork {
  const stream: BidiStream<typeof DispatchService.method.work.input, typeof DispatchService.method.work.output> =
    createClient(DispatchService, channel).work({ hops: 1 });
  const items = new PassingMap<number, StreamItem>();
  let lastOdd = -1;
  let filling: WorkRequest | undefined;
  let isOver = false;

  function heldOf(item: StreamItem): WorkRequest['held'][number] {
    lastOdd += 2;
    item.peerHandle = lastOdd;
    item.towards = peer;
    items.set(lastOdd, item);
    const { incarnation, itemSequence, fence } = item.proof;
    return {
      $typeName: 'millrace.state.v1.HeldItem',
      handle: lastOdd,
      lease: {
        $typeName: 'millrace.state.v1.LeaseRef',
        runId: item.key.runId,
        incarnation,
        itemId: itemIdFrom(incarnation, itemSequence),
        fence,
      },
      lastSequence: 0n,
      ordinal: 0,
    };
  }

  function send(message: WorkRequest): void {
    if (isOver) return;
    try {
      // What a peer does not read in time ends the stream, and the items find their way again.
      void stream.send(message);
    } catch (error) {
      end(error);
    }
  }

  function end(error: unknown): void {
    if (isOver) return;
    isOver = true;
    stream.abort(error);
    events.onEnd(peer, error);
  }

  async function read(): Promise<void> {
    for await (const message of stream.messages) {
      if (isOver) return;
      events.onMessage(peer, message);
    }
  }

  const peer: PeerWork = {
    nodeId,
    allotment: slots + held.length,
    open: () => {
      if (filling === undefined) {
        filling = create(WorkRequestSchema, { tenantId });
        setImmediate(() => {
          const message = filling;
          filling = undefined;
          if (message !== undefined) send(message);
        });
      }
      return filling;
    },
    take: (wanted) => {
      peer.allotment += wanted.length;
      peer.open().held.push(...wanted.map(heldOf));
    },
    item: (peerHandle) => items.get(peerHandle),
    bind: (peerHandle, item) => {
      item.peerHandle = peerHandle;
      items.set(peerHandle, item);
    },
    unbind: (peerHandle) => {
      items.delete(peerHandle);
    },
    items: () => items.values(),
    close: () => {
      isOver = true;
      stream.abort();
    },
  };
  const hello: Hello = {
    $typeName: 'millrace.state.v1.Hello',
    ...introduction,
    slots: slots + held.length,
    mode: WorkMode.DIRECT,
    protocol: 1,
    held: held.map(heldOf),
  };
  send(create(WorkRequestSchema, { tenantId, hello }));
  read().then(
    () => end(undefined),
    (error: unknown) => end(error),
  );
  return peer;
}
