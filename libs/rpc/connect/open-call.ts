import { Code, ConnectError, type ContextKey, createContextKey, type HandlerContext } from '@connectrpc/connect';
import { authorize } from '../call/authorize.ts';
import { Call } from '../call/call.ts';
import { failCall } from '../call/end-call.ts';
import type { CallRuntime } from '../call/runtime.ts';
import type { CallStatus } from '../errors/call-status.ts';
import type { MethodBinding } from '../service-binding.ts';
import { connectErrorFromStatus } from './connect-error.ts';
import { HttpIncomingCall } from './incoming.ts';
import { refusalOfRequest } from './refusal.ts';

/** A call whose request is being read, and then served. */
interface OpenCall {
  readonly call: Call;
  isServed: boolean;
  /** How the call ended before its request was read. */
  status: CallStatus | undefined;
}

const OPEN_CALL: ContextKey<OpenCall | undefined> = createContextKey<OpenCall | undefined>(undefined);

/**
 * Opens a call when its headers are there and lets its caller in, before anything of the request is read.
 *
 * @throws ConnectError for whoever is not let in.
 */
export async function openCall(runtime: CallRuntime, binding: MethodBinding, context: HandlerContext): Promise<void> {
  const call = new Call(runtime, binding, new HttpIncomingCall(context));
  const open: OpenCall = { call, isServed: false, status: undefined };
  context.values.set(OPEN_CALL, open);
  context.responseHeader.set('x-request-id', call.requestId);
  call.onAbort((reason) => endUnserved(open, reason));
  context.signal.addEventListener('abort', () => onConnectAbort(open, context.signal.reason));
  try {
    await authorize(call);
  } catch (error) {
    endUnserved(open, error);
  }
  if (open.status !== undefined) {
    throw connectErrorFromStatus(open.status);
  }
}

/**
 * The call that was opened for a request which now has been read.
 *
 * @throws ConnectError when the call ended meanwhile.
 */
export function takeCall(context: HandlerContext): Call {
  const open = context.values.get(OPEN_CALL);
  if (open === undefined) {
    throw new TypeError('a call is served that was not opened');
  }
  if (open.status !== undefined) {
    throw connectErrorFromStatus(open.status);
  }
  open.isServed = true;
  return open.call;
}

function endUnserved(open: OpenCall, error: unknown): void {
  const status = failCall(open.call, error);
  if (status !== false) {
    open.status = status;
  }
}

/** Connect aborts when the caller leaves or its deadline passes, when a request cannot be read, and at every end. */
function onConnectAbort(open: OpenCall, reason: unknown): void {
  const { call } = open;
  if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) {
    call.abort(call.deadlineExceeded());
    return;
  }
  const refusal = open.isServed ? undefined : refusalOfRequest(reason, call.runtime.limits.maxMessageBytes);
  if (refusal === undefined || refusal.reason === 'CALLER_GONE') {
    call.leave();
    return;
  }
  call.abort(refusal);
  // Connect is about to send this error in its own words, which lack the details that all of our errors have.
  if (reason instanceof ConnectError && reason.details.length === 0 && open.status !== undefined) {
    reason.details.push(...open.status.details);
  }
}
