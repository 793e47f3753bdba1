import { create } from '@bufbuild/protobuf';
import {
  RunService,
  type SessionRequest,
  SessionRequestSchema,
  type SessionResponse,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import type { Cluster } from '../cluster.ts';
import type { DownBatch } from '../work/down-batch.ts';

/** What becomes of entries that another node handles. */
export interface PeerSessionEvents {
  /** An entry was not answered, and may have been done: its caller asks again. */
  onUnanswered(entry: number, error: DomainError): void;
}

/** The part of a session that goes to other nodes, because they own the runs. */
export interface PeerSessions {
  /**
   * The message to a node that fills; `entry` is answered by it, in the end. `waits`: its start is answered first, and
   * then the end of the run.
   */
  open(nodeId: string, address: string, entry: number, waits?: boolean): SessionRequest;
  /** Tells the node that has a wait that it is not needed any more. Answers whether there is one. */
  forget(entry: number): boolean;
  close(): void;
}

interface PeerSession {
  readonly nodeId: string;
  /** Entries that are not answered for good. */
  readonly entries: Set<number>;
  open(): SessionRequest;
  close(): void;
}

/** Makes the part of a session that goes to other nodes. Their answers go out as they are: entries keep their numbers. */
export function createPeerSessions(
  cluster: Cluster,
  tenantId: string,
  batch: DownBatch<SessionResponse>,
  events: PeerSessionEvents,
): PeerSessions {
  const byNode = new Map<string, PeerSession>();
  const byEntry = new Map<number, PeerSession>();
  /** Entries whose start was answered and whose end is still to come. */
  const waitingStarts = new Set<number>();

  function connect(nodeId: string, address: string): PeerSession {
    const stream = createClient(RunService, cluster.channelTo(address)).session({ hops: 1 });
    let filling: SessionRequest | undefined;
    let isOver = false;

    function end(error: unknown): void {
      if (isOver) return;
      isOver = true;
      stream.abort(error);
      if (byNode.get(nodeId) === peer) byNode.delete(nodeId);
      for (const entry of peer.entries) {
        byEntry.delete(entry);
        waitingStarts.delete(entry);
        const cause = error instanceof DomainError ? error : undefined;
        events.onUnanswered(entry, unanswered(nodeId, cause));
      }
      peer.entries.clear();
    }

    async function read(): Promise<void> {
      for await (const message of stream.messages) {
        if (isOver) return;
        pass(peer, message);
        if (message.goAway !== undefined) end(undefined);
      }
    }

    const peer: PeerSession = {
      nodeId,
      entries: new Set(),
      open: () => {
        if (filling === undefined) {
          filling = create(SessionRequestSchema, { tenantId });
          setImmediate(() => {
            const message = filling;
            filling = undefined;
            if (message === undefined || isOver) return;
            try {
              void stream.send(message);
            } catch (error) {
              end(error);
            }
          });
        }
        return filling;
      },
      close: () => {
        isOver = true;
        stream.abort();
      },
    };
    byNode.set(nodeId, peer);
    read().then(
      () => end(undefined),
      (error: unknown) => end(error),
    );
    return peer;
  }

  function answered(peer: PeerSession, entry: number): void {
    peer.entries.delete(entry);
    byEntry.delete(entry);
    waitingStarts.delete(entry);
  }

  function pass(peer: PeerSession, { started, ended, rejected, accepted }: SessionResponse): void {
    if (started.length + ended.length + rejected.length + accepted.length === 0) return;
    const message = batch.open(started.length * 512 + ended.length * 512);
    message.started.push(...started);
    message.ended.push(...ended);
    message.rejected.push(...rejected);
    message.accepted.push(...accepted);
    for (const { call } of started) if (!waitingStarts.has(call)) answered(peer, call);
    for (const { call } of ended) answered(peer, call);
    for (const { call } of rejected) answered(peer, call);
    for (const { call } of accepted) answered(peer, call);
  }

  return {
    open: (nodeId, address, entry, waits = false) => {
      const peer = byNode.get(nodeId) ?? connect(nodeId, address);
      peer.entries.add(entry);
      if (waits) waitingStarts.add(entry);
      byEntry.set(entry, peer);
      return peer.open();
    },
    forget: (entry) => {
      const peer = byEntry.get(entry);
      if (peer === undefined) return false;
      peer.open().forget.push(entry);
      answered(peer, entry);
      return true;
    },
    close: () => {
      for (const peer of byNode.values()) peer.close();
      byNode.clear();
      byEntry.clear();
    },
  };
}

function unanswered(nodeId: string, cause: DomainError | undefined): DomainError {
  return new DomainError('UNAVAILABLE', `node ${nodeId}, which owns the run, did not answer`, {
    retryAfterMs: 250,
    ...(cause === undefined ? {} : { cause }),
  });
}
