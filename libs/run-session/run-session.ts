import { randomUUID } from 'node:crypto';
import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import type { Rejection } from '#gen/millrace/state/v1/rejection_pb.ts';
import {
  RunService,
  type SessionAccepted,
  SessionControlSchema,
  type SessionEnded,
  type SessionResponse,
  SessionSignalSchema,
  type SessionStarted,
  SessionStartSchema,
  SessionWaitSchema,
  StartRunRequestSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { SendSignalRequestSchema } from '#gen/millrace/state/v1/signal_service_pb.ts';
import { PassingMap } from '#libs/collections/passing-map.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { assertValid } from '#libs/rpc/validation/validate.ts';
import { backOffMs } from '#libs/work-loop/stream/back-off.ts';
import { reasonFromProto } from '#libs/work-loop/values/reason.ts';
import { SendEntry, type SessionEntry, StartEntry, WaitEntry } from './session-entry.ts';
import { completeSessionLimits, type RunSessionOptions } from './session-options.ts';
import { createSessionStream } from './session-stream.ts';

/** What a start may say. */
export interface StartOptions {
  /** The end of the run is told too, as `ended`. Default false. */
  readonly wait?: boolean;
  /** The answer carries no run, only ids, when the run is fresh. Default false. */
  readonly brief?: boolean;
  /** The caller does not want the answers any more. What was started goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** A run that is being started. Failures reach only those who ask. */
export interface SessionRun {
  /** Rejects with a DomainError, as StartRun. */
  readonly started: Promise<SessionStarted>;
  /** How it ended, whatever that is. Rejects as `started`, and with INVALID_FIELDS when `wait` was not asked for. */
  readonly ended: Promise<SessionEnded>;
}

/** A signal, as `SendSignal` takes it. */
export type SignalInit = MessageInitShape<typeof SendSignalRequestSchema>;
/** A start, as `StartRun` takes it. */
export type StartInit = MessageInitShape<typeof StartRunRequestSchema>;
/** A control; `call` is filled in. */
export type ControlInit = MessageInitShape<typeof SessionControlSchema>;

/** How a busy client starts, awaits and steers runs over one stream. Disposing closes it. */
export interface RunSession extends AsyncDisposable {
  /** Entries without their last answer. */
  readonly outstanding: number;
  /** Nothing while there is room for more entries; otherwise a promise of it. */
  room(): Promise<void> | undefined;
  start(request: StartInit, options?: StartOptions): SessionRun;
  /** Waits for the end of a run, for as long as it takes. Rejects with RUN_NOT_FOUND. */
  wait(runId: string, incarnation?: string, signal?: AbortSignal): Promise<SessionEnded>;
  /** Sends a signal, once. Rejects as SendSignal. */
  signal(request: SignalInit, signal?: AbortSignal): Promise<SessionAccepted>;
  /** Controls a run, once. Rejects as the unary calls. */
  control(request: ControlInit, signal?: AbortSignal): Promise<SessionAccepted>;
  /** Ends at once: whoever waits gets CALLER_GONE. Safe to call again. */
  close(): void;
}

const MAX_CALL = 2_147_483_647;

/**
 * Makes a session. Entries of one turn of the event loop leave as one message. Each has a request id, so that all that has
 * no answer is sent again over the next stream after one has broken, and when it was refused for now, without being done
 * twice. Errors are DomainErrors with the server's reason.
 *
 * @throws INVALID_FIELDS for limits that are out of range.
 */
export function createRunSession(options: RunSessionOptions): RunSession {
  const { channel, tenantId = '', random = Math.random, onTrouble = () => undefined } = options;
  const limits = completeSessionLimits(options.limits);
  const retry = { initialMs: limits.retryMinMs, maxMs: limits.retryMaxMs };
  const client = createClient(RunService, channel);
  const entries = new PassingMap<number, SessionEntry>();
  const timers = new Set<NodeJS.Timeout>();
  const prefix = randomUUID();
  let lastCall = 0;
  let lastRequest = 0;
  let roomWaiter: PromiseWithResolvers<void> | undefined;
  let isClosed = false;

  const stream = createSessionStream({
    tenantId,
    open: () => client.session(),
    reconnect: retry,
    random,
    onOpened: (line) => {
      const now = performance.now();
      for (const entry of entries.values()) {
        entry.sentMs = now;
        line.add(entry.frame);
      }
    },
    onMessage: take,
    onBroken: (error, isFinal) => {
      onTrouble(error);
      giveUp(error, isFinal);
      return entries.size > 0;
    },
  });

  function nextCall(): number {
    do {
      lastCall = lastCall === MAX_CALL ? 1 : lastCall + 1;
    } while (entries.has(lastCall));
    return lastCall;
  }

  function newRequestId(): string {
    lastRequest += 1;
    return `${prefix}-${lastRequest}`;
  }

  /** Takes an entry in and sends it; one that cannot be is failed. */
  function enter(entry: SessionEntry, signal: AbortSignal | undefined): void {
    const refusal = maybeRefusal(signal);
    if (refusal !== undefined) {
      entry.fail(refusal);
      return;
    }
    const line = stream.line();
    entries.set(entry.call, entry);
    line?.add(entry.frame);
    if (signal === undefined) return;
    const abort = (): void => {
      remove(entry);
      if (entry.isWaiting || entry instanceof StartEntry) stream.maybeLine()?.forget(entry.call);
      entry.fail(gone(signal.reason));
    };
    signal.addEventListener('abort', abort, { once: true });
    entry.release = () => signal.removeEventListener('abort', abort);
  }

  function maybeRefusal(signal: AbortSignal | undefined): DomainError | undefined {
    if (isClosed) return new DomainError('CALLER_GONE', 'the session is closed');
    if (signal?.aborted === true) return gone(signal.reason);
    return entries.size >= limits.maxOutstanding ? tooMany(limits.maxOutstanding) : undefined;
  }

  function remove(entry: SessionEntry): void {
    entries.delete(entry.call);
    entry.release();
    if (roomWaiter !== undefined && entries.size < limits.maxOutstanding) {
      roomWaiter.resolve();
      roomWaiter = undefined;
    }
  }

  function take({ started, ended, accepted, rejected }: SessionResponse): void {
    for (const answer of started) {
      const entry = entries.get(answer.call);
      if (entry instanceof StartEntry && entry.onStarted(answer)) remove(entry);
    }
    for (const answer of accepted) {
      const entry = entries.get(answer.call);
      if (!(entry instanceof SendEntry)) continue;
      remove(entry);
      entry.accepted.resolve(answer);
    }
    for (const answer of ended) {
      const entry = entries.get(answer.call);
      if (!(entry instanceof StartEntry) && !(entry instanceof WaitEntry)) continue;
      remove(entry);
      entry.ended.resolve(answer);
    }
    for (const { call, rejection } of rejected) {
      const entry = entries.get(call);
      if (entry !== undefined) reject(entry, errorFromRejection(rejection));
    }
  }

  /** An entry was refused: it is sent again after a pause where that may help. */
  function reject(entry: SessionEntry, error: DomainError): void {
    // A wait that was kept for a while has got somewhere: it may be handed over as often as a run takes.
    if (entry.isWaiting && performance.now() - entry.sentMs > limits.retryMaxMs) entry.refusals = 0;
    entry.refusals += 1;
    const isForNow = error.kind === 'unavailable' || error.reason === 'OVERLOADED';
    if (!isForNow || entry.refusals >= limits.maxAttempts) {
      remove(entry);
      entry.fail(error);
      return;
    }
    const delayMs = Math.max(error.retryAfterMs ?? 0, backOffMs(retry, entry.refusals, random()));
    const timer = setTimeout(() => {
      timers.delete(timer);
      // Without a stream it goes out with all others when there is one.
      if (entries.get(entry.call) !== entry) return;
      entry.sentMs = performance.now();
      stream.maybeLine()?.add(entry.frame);
    }, delayMs);
    timers.add(timer);
  }

  function giveUp(error: DomainError, isFinal: boolean): void {
    const earliest = performance.now() - limits.giveUpMs;
    for (const entry of entries.values()) {
      if (!isFinal && (entry.isWaiting || entry.madeMs > earliest)) continue;
      remove(entry);
      entry.fail(error);
    }
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    stream.close();
    for (const timer of timers) clearTimeout(timer);
    const error = new DomainError('CALLER_GONE', 'the session was closed');
    for (const entry of entries.values()) {
      remove(entry);
      entry.fail(error);
    }
  }

  return {
    get outstanding() {
      return entries.size;
    },
    room: () => {
      if (entries.size < limits.maxOutstanding) return undefined;
      roomWaiter ??= Promise.withResolvers();
      return roomWaiter.promise;
    },
    start: (request, { wait = false, brief = false, signal } = {}) => {
      const start = own(StartRunRequestSchema, request);
      if (start.requestId === '') start.requestId = newRequestId();
      const entry = new StartEntry(
        {
          $typeName: 'millrace.state.v1.SessionStart',
          call: nextCall(),
          start,
          wait,
          brief,
        },
        performance.now(),
      );
      if (!wait) entry.ended.reject(notAwaited());
      attempt(entry, () => {
        assertValid(SessionStartSchema, entry.frame);
        enter(entry, signal);
      });
      return {
        get started() {
          return entry.started.promise;
        },
        get ended() {
          return entry.ended.promise;
        },
      };
    },
    wait: (runId, incarnation = '', signal) => {
      const frame = { $typeName: 'millrace.state.v1.SessionWait', call: nextCall(), runId, incarnation } as const;
      const entry = new WaitEntry(frame, performance.now());
      attempt(entry, () => {
        assertValid(SessionWaitSchema, frame);
        enter(entry, signal);
      });
      return entry.ended.promise;
    },
    signal: (request, signal) => {
      const sent = own(SendSignalRequestSchema, request);
      if (sent.requestId === '') sent.requestId = newRequestId();
      const frame = { $typeName: 'millrace.state.v1.SessionSignal', call: nextCall(), signal: sent } as const;
      const entry = new SendEntry(frame, performance.now());
      attempt(entry, () => {
        assertValid(SessionSignalSchema, frame);
        enter(entry, signal);
      });
      return entry.accepted.promise;
    },
    control: (request, signal) => {
      const frame = own(SessionControlSchema, request);
      frame.call = nextCall();
      if (frame.requestId === '') frame.requestId = newRequestId();
      const entry = new SendEntry(frame, performance.now());
      attempt(entry, () => {
        assertValid(SessionControlSchema, frame);
        enter(entry, signal);
      });
      return entry.accepted.promise;
    },
    close,
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}

/** The message of a caller's values, which stay as they are. */
function own<D extends DescMessage>(desc: D, init: MessageInitShape<D>): MessageShape<D> {
  const message = create(desc, init);
  return message === init ? { ...message } : message;
}

/** What breaks a rule fails the entry alone, before it would end the stream for all. */
function attempt(entry: SessionEntry, work: () => void): void {
  try {
    work();
  } catch (error) {
    entry.fail(error);
  }
}

function errorFromRejection(rejection: Rejection | undefined): DomainError {
  if (rejection === undefined) return new DomainError('INTERNAL', 'the server does not say why');
  const { reason, message, metadata, retryDelay, fields } = rejection;
  return new DomainError(reasonFromProto(reason), message, {
    metadata,
    violations: fields.map(({ field, rule, message: description }) => ({ field, rule, description })),
    ...(retryDelay === undefined ? {} : { retryAfterMs: durationMs(retryDelay) }),
  });
}

function gone(reason: unknown): DomainError {
  return reason instanceof DomainError
    ? reason
    : new DomainError('CALLER_GONE', 'the caller does not wait any more', { cause: reason });
}

function notAwaited(): DomainError {
  const description = 'must be set to wait for the end';
  return new DomainError('INVALID_FIELDS', `wait ${description}`, { violations: [{ field: 'wait', description }] });
}

function tooMany(maximum: number): DomainError {
  return new DomainError('OVERLOADED', `a session has at most ${maximum} entries without an answer`, {
    metadata: { limit: 'outstanding', maximum: String(maximum) },
    retryAfterMs: 0,
  });
}
