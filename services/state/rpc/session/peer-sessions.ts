import { create } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import type { Rejection } from '#gen/millrace/state/v1/rejection_pb.ts';
import {
  RunService,
  type SessionRequest,
  SessionRequestSchema,
  type SessionResponse,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { PassingMap } from '#libs/collections/passing-map.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import type { Cluster } from '../cluster.ts';
import type { DownBatch } from '../work/down-batch.ts';
import { type SessionMessage, waitOf } from './session-message.ts';

/** What becomes of entries that another node handles. */
export interface PeerSessionEvents {
  /**
   * An entry was refused for now by a node, or not answered, and may have been done. A start that was answered comes back
   * as the wait for its end.
   */
  onUnanswered(message: SessionMessage, nodeId: string, error: DomainError): void;
}

/** The part of a session that goes to other nodes, because they own the runs. */
export interface PeerSessions {
  /** Sends an entry to a node, which answers it in the end. */
  send(nodeId: string, address: string, message: SessionMessage): void;
  /** Tells the node that has a wait that it is not needed any more. Answers whether there is one. */
  forget(entry: number): boolean;
  close(): void;
}

interface PeerSession {
  readonly nodeId: string;
  /** Entries that are not answered for good. */
  readonly entries: PassingMap<number, SessionMessage>;
  open(): SessionRequest;
  close(): void;
}

/** Makes the part of a session that goes to other nodes. Their answers go out as they are: entries keep their numbers. */
export function createPeerSessions(
  cluster: Pick<Cluster, 'channelTo'>,
  tenantId: string,
  batch: DownBatch<SessionResponse>,
  events: PeerSessionEvents,
): PeerSessions {
  const byNode = new Map<string, PeerSession>();
  const byEntry = new PassingMap<number, PeerSession>();

  function connect(nodeId: string, address: string): PeerSession {
    const stream = createClient(RunService, cluster.channelTo(address)).session({ hops: 1 });
    let filling: SessionRequest | undefined;
    let isOver = false;

    function end(error: unknown): void {
      if (isOver) return;
      isOver = true;
      stream.abort(error);
      if (byNode.get(nodeId) === peer) byNode.delete(nodeId);
      const cause = error instanceof DomainError ? error : undefined;
      const left = [...peer.entries.values()];
      peer.entries.clear();
      for (const message of left) byEntry.delete(message.call);
      for (const message of left) events.onUnanswered(message, nodeId, unanswered(nodeId, cause));
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
      entries: new PassingMap(),
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
  }

  function pass(peer: PeerSession, { started, ended, rejected, accepted }: SessionResponse): void {
    if (started.length + ended.length + rejected.length + accepted.length === 0) return;
    const message = batch.open(started.length * 512 + ended.length * 512);
    message.started.push(...started);
    message.ended.push(...ended);
    message.accepted.push(...accepted);
    for (const { call, runId, incarnation } of started) {
      const sent = peer.entries.get(call);
      if (sent?.$typeName === 'millrace.state.v1.SessionStart' && sent.wait) {
        peer.entries.set(call, waitOf(call, runId, incarnation));
      } else answered(peer, call);
    }
    for (const { call } of ended) answered(peer, call);
    for (const { call } of accepted) answered(peer, call);
    for (const refused of rejected) {
      const sent = peer.entries.get(refused.call);
      answered(peer, refused.call);
      const { rejection } = refused;
      if (sent === undefined || rejection?.reason !== ErrorReason.UNAVAILABLE) message.rejected.push(refused);
      else events.onUnanswered(sent, peer.nodeId, refusedForNow(rejection));
    }
  }

  return {
    send: (nodeId, address, message) => {
      const peer = byNode.get(nodeId) ?? connect(nodeId, address);
      peer.entries.set(message.call, message);
      byEntry.set(message.call, peer);
      const request = peer.open();
      switch (message.$typeName) {
        case 'millrace.state.v1.SessionStart':
          return void request.start.push(message);
        case 'millrace.state.v1.SessionWait':
          return void request.wait.push(message);
        case 'millrace.state.v1.SessionSignal':
          return void request.sendSignal.push(message);
        case 'millrace.state.v1.SessionControl':
          return void request.control.push(message);
      }
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

function refusedForNow({ message, retryDelay }: Rejection): DomainError {
  const retryAfterMs = retryDelay === undefined ? 0 : durationMs(retryDelay);
  return new DomainError('UNAVAILABLE', message, { retryAfterMs });
}
