import { randomUUID } from 'node:crypto';
import type { Principal } from '#libs/auth/principal.ts';
import { DEFAULT_TENANT_ID, resolveTenant } from '#libs/auth/tenant.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { CallContext, TraceContext } from '../call-context.ts';
import type { MethodBinding } from '../service-binding.ts';
import { hasControlCharacter } from '../validation/control-character.ts';
import { askGate } from './admit-tenant.ts';
import { identify } from './authorize.ts';
import { callerGone } from './caller-gone.ts';
import { HOPS_HEADER } from './hops-header.ts';
import type { CallRuntime, IncomingCall } from './runtime.ts';
import { maybeTrace, traceIdOf } from './trace.ts';

/** Caller and server look at their own clocks: who leaves that shortly before the deadline has seen it pass. */
const DEADLINE_SLACK_MS = 5;
/** A call that is younger was asked about when it began. */
const CHECK_AFTER_MS = 900;
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/**
 * One call from its headers to its status. It opens when it is made and ends exactly once: with an answer, or with the
 * first error, be it the handler's, the deadline's or the caller's leaving. What comes after the end is dropped.
 */
export class Call implements CallContext {
  readonly binding: MethodBinding;
  readonly incoming: IncomingCall;
  readonly requestId: string;
  readonly startedAt: number;
  principal: Principal = NOBODY;
  /** Whether the tenant was asked for once. */
  isTenantAdmitted = false;

  readonly #runtime: CallRuntime;
  readonly #deadlineAt: number | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;
  #goAway: AbortController | undefined;
  #abortReason: DomainError | undefined;
  #isGoingAway = false;
  #isEnded = false;
  #tenantId: string | undefined;
  #log: Logger | undefined;
  #trace: TraceContext | undefined | null = null;
  #onAbort: ((reason: DomainError) => void) | undefined;

  constructor(runtime: CallRuntime, binding: MethodBinding, incoming: IncomingCall) {
    this.#runtime = runtime;
    this.binding = binding;
    this.incoming = incoming;
    this.startedAt = performance.now();
    const requestId = incoming.header('x-request-id');
    this.requestId = requestId !== undefined && REQUEST_ID.test(requestId) ? requestId : randomUUID();
    const timeoutMs = deadlineOf(runtime, binding, incoming);
    this.#deadlineAt = timeoutMs === undefined ? undefined : this.startedAt + timeoutMs;
    runtime.calls.add(this);
    if (timeoutMs !== undefined) {
      this.#deadlineTimer = setTimeout(() => this.abort(this.deadlineExceeded()), timeoutMs);
    }
  }

  /** Until a request was seen, the tenant of the token. */
  get tenantId(): string {
    return this.#tenantId ?? this.principal.tenantId ?? DEFAULT_TENANT_ID;
  }

  get remainingMs(): number | undefined {
    return this.#deadlineAt === undefined ? undefined : Math.max(0, this.#deadlineAt - performance.now());
  }

  // Most handlers never look at the signals, and making one costs more than the rest of this object.
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) {
        this.#controller.abort(this.#abortReason);
      }
    }
    return this.#controller.signal;
  }

  get goAway(): AbortSignal {
    if (this.#goAway === undefined) {
      this.#goAway = new AbortController();
      if (this.#isGoingAway) {
        this.#goAway.abort();
      }
    }
    return this.#goAway.signal;
  }

  get trace(): TraceContext | undefined {
    if (this.#trace === null) {
      this.#trace = maybeTrace(this.incoming);
    }
    return this.#trace;
  }

  get hops(): number {
    const hops = Number(this.incoming.header(HOPS_HEADER) ?? 0);
    return Number.isInteger(hops) && hops > 0 ? hops : 0;
  }

  get log(): Logger {
    this.#log ??= this.#runtime.log.child({
      method: this.binding.path,
      requestId: this.requestId,
      ...(this.#tenantId === undefined ? {} : { tenantId: this.#tenantId }),
      ...(this.trace === undefined ? {} : { traceId: traceIdOf(this.trace) }),
    });
    return this.#log;
  }

  /** Whether the caller was let in. */
  get isAuthorized(): boolean {
    return this.principal !== NOBODY;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The runtime that all calls share. */
  get runtime(): CallRuntime {
    return this.#runtime;
  }

  /** Binds the call to the tenant that a request names, or else to the token's. A stream keeps its first one. */
  resolveTenant(requested: string): void {
    if (this.#tenantId !== undefined && (requested === '' || requested === this.#tenantId)) {
      return;
    }
    if (hasControlCharacter(requested)) {
      const description = 'must have no control characters';
      throw new DomainError('INVALID_FIELDS', `tenant_id ${description}`, {
        violations: [{ field: 'tenant_id', description }],
      });
    }
    const tenantId = resolveTenant(this.principal, requested);
    if (this.#tenantId !== undefined) {
      throw new DomainError('TENANT_DENIED', 'tenant_id changes within the stream');
    }
    this.#tenantId = tenantId;
    // A logger that was made before the tenant was known lacks it.
    this.#log = undefined;
  }

  /** Says what ends the call at its door when it is aborted. */
  onAbort(listener: (reason: DomainError) => void): void {
    this.#onAbort = listener;
    if (this.#abortReason !== undefined) {
      listener(this.#abortReason);
    }
  }

  /** The error of a call whose deadline has passed. */
  deadlineExceeded(): DomainError {
    const deadlineMs = Math.round((this.#deadlineAt ?? this.startedAt) - this.startedAt);
    return new DomainError('DEADLINE_EXCEEDED', `deadline of ${deadlineMs} ms passed`, {
      metadata: { deadline_ms: String(deadlineMs) },
    });
  }

  /** Ends the call because its caller's side of the door closed: the caller gave up at the deadline, or it left. */
  leave(): void {
    // The door tells it of every call, of those that are over too, and an error that nobody gets costs its stack.
    if (this.#isEnded || this.#abortReason !== undefined) return;
    const isDue = this.#deadlineAt !== undefined && performance.now() >= this.#deadlineAt - DEADLINE_SLACK_MS;
    this.abort(isDue ? this.deadlineExceeded() : callerGone());
  }

  /** Ends the call with an error, whatever its handler still does. */
  abort(reason: DomainError): void {
    if (this.#isEnded || this.#abortReason !== undefined) {
      return;
    }
    this.#abortReason = reason;
    this.#controller?.abort(reason);
    this.#onAbort?.(reason);
  }

  checkAgain(): void {
    if (this.isAuthorized && performance.now() - this.startedAt >= CHECK_AFTER_MS) {
      checkCall(this).catch((error: unknown) => {
        // Who cannot be asked at this moment is not sent away for it.
        const isRefused = error instanceof DomainError && error.kind !== 'unavailable' && error.kind !== 'exhausted';
        if (isRefused) {
          this.abort(error);
        }
      });
    }
  }

  /** Asks the stream to end soon. */
  sendAway(): void {
    this.#isGoingAway = true;
    this.#goAway?.abort();
  }

  /** Answers whether the call ended now; `false` when it had before. */
  end(): boolean {
    if (this.#isEnded) {
      return false;
    }
    this.#isEnded = true;
    clearTimeout(this.#deadlineTimer);
    this.#runtime.calls.delete(this);
    return true;
  }
}

async function checkCall(call: Call): Promise<void> {
  const { binding, incoming, runtime } = call;
  await identify(runtime, binding, incoming);
  if (call.isTenantAdmitted) {
    await askGate(call);
  }
}

const NOBODY: Principal = { tokenId: '', name: '', role: 'viewer', tenantId: '' };

/** Unary calls always have a deadline; a stream has one only if its caller wants it. */
function deadlineOf(runtime: CallRuntime, binding: MethodBinding, incoming: IncomingCall): number | undefined {
  if (binding.method.methodKind !== 'unary') {
    return incoming.timeoutMs;
  }
  const { defaultDeadlineMs, maxDeadlineMs } = runtime.limits;
  return Math.min(incoming.timeoutMs ?? defaultDeadlineMs, maxDeadlineMs);
}
