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
import { PassingMap } from '#libs/collections/passing-map.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import { findRun, runNotFound } from '#libs/partition/serve/history.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { callerChannel } from '../caller-channel.ts';
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
import { createHeldEntries } from './held-entries.ts';
import { createPeerSessions } from './peer-sessions.ts';
import { runIdOf, type SessionMessage, waitOf } from './session-message.ts';

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
  /** Whether other nodes may own what entries are about. What a node passes on goes no further. */
  const isShared = call.hops === 0 && cluster.partitionCount > 1;
  const peers = createPeerSessions({ channelTo: (address) => callerChannel(cluster, address, call) }, tenantId, batch, {
    onUnanswered: holdOrReject,
  });
  const held = createHeldEntries({
    cluster,
    partitionOf,
    nowMs: () => performance.now(),
    onReady: (message) => {
      try {
        begin(message);
      } catch (error) {
        reject(message.call, error);
      }
    },
    onLate: ({ call: entry }, error) => reject(entry, error),
  });
  /** How to stop each wait, by its number. */
  const waits = new PassingMap<number, () => void>();

  function reject(entry: number, error: unknown): void {
    const rejection = rejectionFromError(error, logFault);
    batch.open().rejected.push({ $typeName: 'millrace.state.v1.SessionRejected', call: entry, rejection });
  }

  function logFault(error: unknown, errorId: string): void {
    call.log.error({ err: error, errorId }, 'an entry of a session failed');
  }

  function partitionOf(message: SessionMessage): number {
    return context.node.partitionNumber({ tenantId, runId: runIdOf(message) });
  }

  /** An entry could not be done, or nobody knows, because its partition moves: it waits for the next owner. */
  function holdOrReject(message: SessionMessage, refusedBy: string, error: DomainError): void {
    if (!held.hold(message, refusedBy, error)) reject(message.call, error);
  }

  /** An entry of a run of this node failed. */
  function fail(message: SessionMessage, error: unknown): void {
    if (isShared && error instanceof DomainError && error.kind === 'unavailable') {
      const isOurs = error.reason !== 'NOT_OWNER' && cluster.ownerOf(partitionOf(message)).kind === 'self';
      if (!isOurs && held.hold(message, 'self', error)) return;
    }
    reject(message.call, error);
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
        const error = new DomainError('UNAVAILABLE', 'the partition has another owner', { retryAfterMs: 250 });
        if (isShared) holdOrReject(waitOf(entry, key.runId, incarnation), 'self', error);
        else reject(entry, error);
      },
    });
    waits.set(entry, stop);
  }

  function forget(entry: number): void {
    waits.get(entry)?.();
    waits.delete(entry);
  }

  /** Sends an entry to the node that owns its run, or keeps it while nobody does. Answers false for a run of this node. */
  function goesElsewhere(message: SessionMessage): boolean {
    if (!isShared) return false;
    const partition = partitionOf(message);
    const owner = cluster.ownerOf(partition);
    if (owner.kind === 'peer') peers.send(owner.nodeId, owner.address, message);
    return owner.kind === 'peer' || (owner.kind === 'nobody' && held.hold(message, '', noOwner(partition)));
  }

  function begin(message: SessionMessage): void {
    switch (message.$typeName) {
      case 'millrace.state.v1.SessionStart':
        return start(message);
      case 'millrace.state.v1.SessionWait':
        return wait(message);
      case 'millrace.state.v1.SessionSignal':
        return sendOne(message);
      case 'millrace.state.v1.SessionControl':
        return control(message);
    }
  }

  function start(message: SessionStart): void {
    const { call: entry, start: request, wait: waits, brief } = message;
    if (request === undefined) return;
    try {
      assertTenant(request.tenantId, 'start.tenant_id');
      if (request.requestId === '') request.requestId = context.newId();
      if (request.runId === '') request.runId = runIdFrom(tenantId, request.requestId);
    } catch (error) {
      reject(entry, error);
      return;
    }
    if (goesElsewhere(message)) return;
    beginStart(context, request, {
      tenantId,
      requestedBy: call.principal.name,
      traceparent: call.trace?.traceparent ?? '',
      signal,
      answer: (_visit, hot, isFresh) => {
        const isOver = hot.ended !== undefined;
        if (waits && !isOver) watch(entry, hot.identity, hot.identity.incarnation);
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
        if (waits && isOver) tellEnd(entry, hot);
      },
      onRefused: (error) => {
        forget(entry);
        fail(message, error);
      },
    });
  }

  function wait(message: SessionWait): void {
    const { call: entry, runId, incarnation } = message;
    if (goesElsewhere(message)) return;
    const key = { tenantId, runId };
    settle(message, async () => {
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
    if (goesElsewhere(message)) return;
    settle(message, async () => {
      assertTenant(request.tenantId, 'signal.tenant_id');
      const { response, status } = await sendSignal(context, call, request);
      accept(entry, response.duplicate, status);
    });
  }

  function control(request: SessionControl): void {
    if (goesElsewhere(request)) return;
    settle(request, async () => {
      const { hasChanged, status } = await controlRun(context, call, request);
      accept(request.call, !hasChanged, status);
    });
  }

  function accept(entry: number, duplicate: boolean, status: SessionResponse['accepted'][number]['status']): void {
    batch.open().accepted.push({ $typeName: 'millrace.state.v1.SessionAccepted', call: entry, duplicate, status });
  }

  function settle(message: SessionMessage, work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      forget(message.call);
      fail(message, error);
    });
  }

  return {
    handle: (message) => {
      for (const entry of message.start) start(entry);
      for (const entry of message.wait) wait(entry);
      for (const entry of message.sendSignal) sendOne(entry);
      for (const entry of message.control) control(entry);
      for (const entry of message.forget) if (!held.forget(entry) && !peers.forget(entry)) forget(entry);
    },
    end: () => {
      for (const stop of waits.values()) stop();
      waits.clear();
      held.close();
      peers.close();
    },
  };
}

function noOwner(partition: number): DomainError {
  return new DomainError('UNAVAILABLE', `partition ${partition} has no owner at this moment`, { retryAfterMs: 250 });
}

function tooManyWaits(): DomainError {
  return new DomainError('QUOTA_EXCEEDED', `a session waits for at most ${MAX_WAITS} runs`, {
    metadata: { limit: 'waits', maximum: String(MAX_WAITS) },
  });
}
