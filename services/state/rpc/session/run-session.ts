import { RunView } from '#gen/millrace/state/v1/run_pb.ts';
import type {
  SessionControl,
  SessionRequest,
  SessionResponse,
  SessionSignal,
  SessionStart,
  SessionWait,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { StartOutcome } from '#gen/millrace/state/v1/run_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import { findRun, runNotFound } from '#libs/partition/serve/history.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { beginStart } from '../runs/begin-start.ts';
import { controlRun } from '../runs/control-run.ts';
import { sendSignal } from '../runs/send-signal.ts';
import { maybeFailureToProto } from '../wire/failure.ts';
import { payloadToProto } from '../wire/payload.ts';
import { rejectionFromError } from '../wire/rejection.ts';
import { runToProto } from '../wire/run.ts';
import { runIdFrom } from '../wire/start-run.ts';
import { statusToProto } from '../wire/status.ts';
import { maybeTimestampFromTime } from '../wire/timestamp.ts';
import type { DownBatch } from '../work/down-batch.ts';
import { createPeerSessions } from './peer-sessions.ts';

/** Waits of one session at most. */
const MAX_WAITS = 100_000;

/** A client's session. */
export interface RunSession {
  handle(message: SessionRequest): void;
  end(): void;
}

/** Makes the session of a stream. */
export function createRunSession(
  context: StateContext,
  call: CallContext,
  batch: DownBatch<SessionResponse>,
): RunSession {
  const { tenantId, signal } = call;
  const { cluster } = context;
  const isForwarded = call.hops > 0;
  const peers = createPeerSessions(cluster, tenantId, batch, { onUnanswered: reject });
  /** How to stop each wait, by its number. */
  const waits = new Map<number, () => void>();

  function reject(entry: number, error: unknown): void {
    const rejection = rejectionFromError(error, logFault);
    batch.open().rejected.push({ $typeName: 'millrace.state.v1.SessionRejected', call: entry, rejection });
  }

  function logFault(error: unknown, errorId: string): void {
    call.log.error({ err: error, errorId }, 'an entry of a session failed');
  }

  function assertTenant(named: string, field: string): void {
    if (named === '' || named === tenantId) return;
    throw new DomainError('TENANT_DENIED', `${field} names another tenant than the session`);
  }

  function tellEnd(entry: number, { identity, ended }: HotRun): void {
    batch.open().ended.push({
      $typeName: 'millrace.state.v1.SessionEnded',
      call: entry,
      runId: identity.runId,
      incarnation: identity.incarnation,
      status: statusToProto(ended?.status ?? 'TERMINATED'),
      output: payloadToProto(ended?.output),
      failure: maybeFailureToProto(ended?.failure, payloadToProto),
      endTime: maybeTimestampFromTime(ended?.eventTime),
    });
  }

  /** Tells the end of a run when it comes. Called in a visit, so that none is missed. */
  function watch(entry: number, key: RunKey, incarnation: string): void {
    if (waits.size >= MAX_WAITS) {
      reject(entry, tooManyWaits());
      return;
    }
    const stop = context.node.partitionOf(key).watch(key, {
      onChange: (hot, topic) => {
        if (hot.identity.incarnation !== incarnation) return;
        if (topic !== 'ended') return;
        forget(entry);
        tellEnd(entry, hot);
      },
      onLost: () => {
        waits.delete(entry);
        reject(entry, new DomainError('UNAVAILABLE', 'the partition has another owner', { retryAfterMs: 250 }));
      },
    });
    waits.set(entry, stop);
  }

  function forget(entry: number): void {
    waits.get(entry)?.();
    waits.delete(entry);
  }

  /**
   * Where an entry goes: undefined for a run of this node. An owner that nobody knows at the moment is looked for again by
   * the caller, who is told to come back.
   */
  function maybePeer(entry: number, runId: string, waits: boolean): SessionRequest | undefined {
    if (isForwarded || cluster.partitionCount === 1) return undefined;
    const owner = cluster.ownerOf(context.node.partitionNumber({ tenantId, runId }));
    return owner.kind === 'peer' ? peers.open(owner.nodeId, owner.address, entry, waits) : undefined;
  }

  function start(message: SessionStart): void {
    const { call: entry, start: request, wait, brief } = message;
    if (request === undefined) return;
    try {
      assertTenant(request.tenantId, 'start.tenant_id');
      if (request.requestId === '') request.requestId = context.newId();
      if (request.runId === '') request.runId = runIdFrom(tenantId, request.requestId);
    } catch (error) {
      reject(entry, error);
      return;
    }
    const peer = maybePeer(entry, request.runId, wait);
    if (peer !== undefined) {
      peer.start.push(message);
      return;
    }
    beginStart(context, request, {
      tenantId,
      requestedBy: call.principal.tokenId,
      traceparent: call.trace?.traceparent ?? '',
      signal,
      answer: (_visit, hot, isFresh) => {
        const isOver = hot.ended !== undefined;
        if (wait && !isOver) watch(entry, hot.identity, hot.identity.incarnation);
        const run = brief && isFresh ? undefined : runToProto(hot, RunView.FULL, { payload: payloadToProto });
        return { hot, run, isFresh, isOver };
      },
      onStarted: ({ hot, run, isFresh, isOver }) => {
        const { runId, incarnation } = hot.identity;
        batch.open(run === undefined ? 0 : 1_024).started.push({
          $typeName: 'millrace.state.v1.SessionStarted',
          call: entry,
          outcome: isFresh ? StartOutcome.STARTED : StartOutcome.EXISTING,
          runId,
          incarnation,
          run,
        });
        if (wait && isOver) tellEnd(entry, hot);
      },
      onRefused: (error) => {
        forget(entry);
        reject(entry, error);
      },
    });
  }

  function wait(message: SessionWait): void {
    const { call: entry, runId, incarnation } = message;
    const peer = maybePeer(entry, runId, false);
    if (peer !== undefined) {
      peer.wait.push(message);
      return;
    }
    const key = { tenantId, runId };
    settle(entry, async () => {
      const found = await ask(context.node.partitionOf(key), key, {
        intent: 'read',
        act: ({ hot }) => {
          if (hot === undefined) throw runNotFound(key);
          if (incarnation !== '' && hot.identity.incarnation !== incarnation) return undefined;
          if (hot.ended === undefined) watch(entry, key, hot.identity.incarnation);
          return { hot, isOver: hot.ended !== undefined };
        },
      });
      if (found?.isOver === true) tellEnd(entry, found.hot);
      if (found === undefined)
        tellEnd(entry, (await findRun(context.history, context.node.partitionOf(key), key, incarnation)).hot);
    });
  }

  function sendOne(message: SessionSignal): void {
    const { call: entry, signal: request } = message;
    if (request === undefined) return;
    const peer = maybePeer(entry, request.runId, false);
    if (peer !== undefined) {
      peer.sendSignal.push(message);
      return;
    }
    settle(entry, async () => {
      assertTenant(request.tenantId, 'signal.tenant_id');
      const { response, status } = await sendSignal(context, call, request);
      accept(entry, response.duplicate, status);
    });
  }

  function control(request: SessionControl): void {
    const peer = maybePeer(request.call, request.runId, false);
    if (peer !== undefined) {
      peer.control.push(request);
      return;
    }
    settle(request.call, async () => {
      const { hasChanged, status } = await controlRun(context, call, request);
      accept(request.call, !hasChanged, status);
    });
  }

  function accept(entry: number, duplicate: boolean, status: SessionResponse['accepted'][number]['status']): void {
    batch.open().accepted.push({ $typeName: 'millrace.state.v1.SessionAccepted', call: entry, duplicate, status });
  }

  function settle(entry: number, work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      forget(entry);
      reject(entry, error);
    });
  }

  return {
    handle: (message) => {
      for (const entry of message.start) start(entry);
      for (const entry of message.wait) wait(entry);
      for (const entry of message.sendSignal) sendOne(entry);
      for (const entry of message.control) control(entry);
      for (const entry of message.forget) if (!peers.forget(entry)) forget(entry);
    },
    end: () => {
      for (const stop of waits.values()) stop();
      waits.clear();
      peers.close();
    },
  };
}

function tooManyWaits(): DomainError {
  return new DomainError('QUOTA_EXCEEDED', `a session waits for at most ${MAX_WAITS} runs`, {
    metadata: { limit: 'waits', maximum: String(MAX_WAITS) },
  });
}
