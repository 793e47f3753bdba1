import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import type { WorkResponse } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { type Assignment, CancelKind, type HeldState } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { Heartbeat } from '#gen/millrace/state/v1/work_up_pb.ts';
import { maybeItemSequence } from '#libs/engine/model/lease.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { callerChannel } from '../caller-channel.ts';
import type { StateContext } from '../context.ts';
import { abortToProto } from '../wire/assignment.ts';
import type { CreditBook, Creditor } from './credit-book.ts';
import type { DownBatch } from './down-batch.ts';
import type { AdoptedItem } from './held-items.ts';
import { openPeerWork, type PeerWork, type WorkerIntroduction } from './peer-work.ts';
import type { StreamItem, StreamItems } from './stream-items.ts';

/** What a relay works for. */
export interface RelayOptions {
  readonly context: StateContext;
  readonly call: CallContext;
  readonly introduction: () => WorkerIntroduction;
  readonly items: StreamItems;
  readonly credits: CreditBook;
  readonly batch: DownBatch<WorkResponse>;
  /** Takes an item over into this process. Absent: it is not the worker's any more. */
  readonly adoptHere: (item: StreamItem) => Promise<AdoptedItem | undefined>;
  /** Partitions have come to this process: what their last owner gave the worker and it never got is given anew. */
  readonly onPartitionsTaken: () => void;
}

/** Relays a worker's stream to the nodes that own what it works on. [architecture §6] */
export interface WorkRelay {
  /** Gives every item to the node that owns its partition, and opens streams to nodes that are new. */
  reconcile(): void;
  /** Tells every node what the worker can run from now on: their streams are opened anew. */
  reopen(): void;
  /** Keeps the session at every node. */
  heartbeat(heartbeat: Heartbeat): void;
  /** An item has ended, or is nobody's: its handle is good for nothing any more. */
  endItem(item: StreamItem): void;
  close(): void;
}

/** A refusal after which nothing of an assignment is accepted any more. */
const FINAL: ReadonlySet<ErrorReason> = new Set<ErrorReason>([
  ErrorReason.LEASE_LOST,
  ErrorReason.RUN_TERMINAL,
  ErrorReason.RUN_NOT_FOUND,
]);

/** Makes the relay of a stream. */
export function createWorkRelay(options: RelayOptions): WorkRelay {
  const { context, call, items, credits, batch } = options;
  const { cluster } = context;
  const byNode = new Map<string, PeerWork>();
  const own = new Set<number>();
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  function endItem(item: StreamItem): void {
    items.remove(item.handle);
    const route = creditorOf(item);
    if (route !== undefined && route !== 'here') route.unbind(item.peerHandle);
    credits.ended(route);
    item.route = undefined;
    item.towards = undefined;
  }

  /** Who has the credit of an item: with this node it comes only when it is taken. */
  function creditorOf({ route, towards }: StreamItem): Creditor | undefined {
    return route ?? (towards === 'here' ? undefined : towards);
  }

  function lose(item: StreamItem, reason: string): void {
    endItem(item);
    batch.open().cancel.push(abortToProto(item.handle, reason));
  }

  function settleHeld(peer: PeerWork, states: readonly HeldState[]): void {
    for (const state of states) {
      const item = peer.item(state.handle);
      if (item === undefined) continue;
      item.towards = undefined;
      if (state.lost) {
        lose(item, 'LEASE_LOST');
      } else {
        item.route = peer;
        // Whatever is not in the log by then is sent again.
        batch.open().held.push({ ...state, handle: item.handle });
      }
    }
  }

  function assign(peer: PeerWork, assignment: Assignment): void {
    const { incarnation, itemId, nodePath, fence, runId, priority } = assignment;
    const itemSequence = maybeItemSequence(incarnation, itemId) ?? 0;
    const proof = { incarnation, nodePath, itemSequence, fence };
    const item = items.assign({ key: { tenantId: call.tenantId, runId }, proof }, priority, peer);
    peer.bind(assignment.handle, item);
    const owner = cluster.ownerOf(item.partition);
    if (owner.kind === 'self') {
      void adoptLate(item, assignment);
      return;
    }
    tellAssigned(item, assignment);
    if (owner.kind === 'peer' && owner.nodeId !== peer.nodeId) reconcile();
  }

  function tellAssigned(item: StreamItem, assignment: Assignment): void {
    batch.open(assignment.history.length * 256 + 512).assign.push({ ...assignment, handle: item.handle });
  }

  /** What a peer gave before its partition came here was on the way for longer: the worker has it unless it is given anew. */
  async function adoptLate(item: StreamItem, assignment: Assignment): Promise<void> {
    const isLost = await take(item, () => tellAssigned(item, assignment));
    if (!isLost) return;
    endItem(item);
    // The worker knows nothing of it and gives no slot back.
    credits.returned(1);
  }

  function onMessage(peer: PeerWork, message: WorkResponse): void {
    if (message.welcome !== undefined) settleHeld(peer, message.welcome.held);
    if (message.held.length > 0) settleHeld(peer, message.held);
    for (const assignment of message.assign) assign(peer, assignment);
    for (const ack of message.ack) {
      const item = peer.item(ack.handle);
      if (item === undefined) continue;
      batch.open().ack.push({ ...ack, handle: item.handle });
      if (ack.settled) endItem(item);
    }
    for (const rejection of message.reject) {
      const item = peer.item(rejection.handle);
      if (item === undefined) continue;
      batch.open().reject.push({ ...rejection, handle: item.handle });
      if (FINAL.has(rejection.reason)) endItem(item);
    }
    for (const wake of message.wake) {
      const item = peer.item(wake.handle);
      if (item !== undefined) batch.open(wake.events.length * 256).wake.push({ ...wake, handle: item.handle });
    }
    for (const chunk of message.history) {
      const item = peer.item(chunk.handle);
      if (item !== undefined) batch.open(chunk.events.length * 256).history.push({ ...chunk, handle: item.handle });
    }
    for (const notice of message.cancel) {
      const item = peer.item(notice.handle);
      if (item === undefined) continue;
      batch.open().cancel.push({ ...notice, handle: item.handle });
      if (notice.kind === CancelKind.ABORT) endItem(item);
    }
    if (message.drain !== undefined) batch.open().drain = message.drain;
    if (message.goAway !== undefined) replace(peer);
  }

  function onEnd(peer: PeerWork): void {
    detach(peer);
    later();
  }

  /** The items of a peer are with nobody until they are taken again. */
  function detach(peer: PeerWork): readonly StreamItem[] {
    if (byNode.get(peer.nodeId) === peer) byNode.delete(peer.nodeId);
    const left = [...peer.items()].filter((item) => items.get(item.handle) === item);
    for (const item of left) {
      item.route = undefined;
      item.towards = undefined;
    }
    credits.removePeer(peer, left.length);
    return left;
  }

  function replace(peer: PeerWork): void {
    const left = detach(peer);
    peer.close();
    const member = cluster.others().find(({ nodeId }) => nodeId === peer.nodeId);
    if (member !== undefined && !isClosed) open(member.nodeId, member.address, left);
  }

  function open(nodeId: string, address: string, held: readonly StreamItem[]): PeerWork {
    const slots = credits.takeForPeer();
    const channel = callerChannel(cluster, address, call);
    const introduction = options.introduction();
    const peer = openPeerWork(nodeId, channel, call.tenantId, introduction, slots, held, { onMessage, onEnd });
    byNode.set(nodeId, peer);
    credits.addPeer(peer);
    return peer;
  }

  function later(): void {
    if (isClosed) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      reconcile();
    }, RECONCILE_AGAIN_MS);
  }

  function reconcile(): void {
    if (isClosed) return;
    try {
      moveItems();
    } catch (error) {
      call.log.debug({ err: error }, 'items of a worker are not with their owners yet');
      later();
    }
  }

  function moveItems(): void {
    const others = new Map(cluster.others().map((member) => [member.nodeId, member]));
    for (const [nodeId, peer] of byNode) {
      if (others.has(nodeId)) continue;
      detach(peer);
      peer.close();
    }
    const forPeers = new Map<string, StreamItem[]>();
    for (const item of items.values()) {
      const owner = cluster.ownerOf(item.partition);
      if (owner.kind === 'self') {
        if (item.route !== 'here' && item.towards !== 'here') void takeHere(item);
      } else if (owner.kind === 'peer' && others.has(owner.nodeId)) {
        const peer = item.route ?? item.towards;
        if (peer !== undefined && peer !== 'here' && peer.nodeId === owner.nodeId) continue;
        const list = forPeers.get(owner.nodeId) ?? [];
        list.push(item);
        forPeers.set(owner.nodeId, list);
      } else if (item.route === 'here' || item.towards === 'here') {
        leave(item);
      }
    }
    for (const { nodeId, address } of others.values()) {
      const held = forPeers.get(nodeId) ?? [];
      for (const item of held) leave(item);
      const peer = byNode.get(nodeId);
      if (peer === undefined) open(nodeId, address, held);
      else if (held.length > 0) peer.take(held);
    }
    noteOwn();
  }

  function noteOwn(): void {
    let hasNew = false;
    for (let partition = 0; partition < cluster.partitionCount; partition += 1) {
      if (cluster.ownerOf(partition).kind !== 'self') own.delete(partition);
      else if (!own.has(partition)) {
        own.add(partition);
        hasNew = true;
      }
    }
    if (hasNew) options.onPartitionsTaken();
  }

  /** An item is not where it was any more. */
  function leave(item: StreamItem): void {
    const route = creditorOf(item);
    item.towards = undefined;
    if (route === undefined) return;
    credits.left(route);
    if (route !== 'here') route.unbind(item.peerHandle);
    item.route = undefined;
    item.peerHandle = 0;
  }

  async function takeHere(item: StreamItem): Promise<void> {
    const isLost = await take(item, (state) => batch.open().held.push(state));
    if (isLost) lose(item, 'LEASE_LOST');
  }

  /**
   * Takes an item over into this process and tells the worker in the same turn, so that nothing comes in between. One that
   * has ended or gone elsewhere meanwhile is left alone. Answers whether it is not the worker's any more.
   */
  async function take(item: StreamItem, tell: (state: HeldState) => void): Promise<boolean> {
    leave(item);
    item.towards = 'here';
    let adopted: AdoptedItem | undefined;
    try {
      do adopted = await options.adoptHere(item);
      while (adopted?.isCurrent() === false && item.towards === 'here');
    } catch (error) {
      // Its partition is on its way again.
      call.log.debug({ err: error }, 'an item of a worker is not with its owner yet');
      if (item.towards === 'here') item.towards = undefined;
      later();
      return false;
    }
    if (items.get(item.handle) !== item || item.towards !== 'here') return false;
    item.towards = undefined;
    if (adopted === undefined) return true;
    item.route = 'here';
    credits.came();
    tell(adopted.state);
    return false;
  }

  const stopListening = cluster.onChange(reconcile);

  return {
    reconcile,
    reopen: () => {
      for (const peer of Array.from(byNode.values())) replace(peer);
    },
    heartbeat: (heartbeat) => {
      for (const peer of byNode.values()) peer.open().heartbeat = heartbeat;
    },
    endItem,
    close: () => {
      isClosed = true;
      stopListening();
      clearTimeout(timer);
      for (const peer of byNode.values()) peer.close();
      byNode.clear();
    },
  };
}

/** When a node is tried again whose stream ended. */
const RECONCILE_AGAIN_MS = 250;
