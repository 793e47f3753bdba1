import type { Message } from '@bufbuild/protobuf';
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect';
import { Call } from '../call/call.ts';
import { endCall, failCall } from '../call/end-call.ts';
import type { CallRuntime } from '../call/runtime.ts';
import { serveStream } from '../call/serve-stream.ts';
import { serveUnary } from '../call/serve-unary.ts';
import type { Outbound } from '../handler.ts';
import type { MethodBinding } from '../service-binding.ts';
import { connectErrorFromStatus } from './connect-error.ts';
import { HttpIncomingCall } from './incoming.ts';
import { IncomingRequests } from './incoming-requests.ts';
import { OutboundQueue } from './outbound-queue.ts';

type AnswersOnce = (request: Message | AsyncIterable<Message>, context: HandlerContext) => Promise<Message>;
type AnswersStream = (request: Message | AsyncIterable<Message>, context: HandlerContext) => AsyncIterable<Message>;

/** Serves a method through connect-node. */
export function connectHandler(runtime: CallRuntime, binding: MethodBinding): AnswersOnce | AnswersStream {
  switch (binding.method.methodKind) {
    case 'unary':
      return answerOnce(runtime, binding, (call, request) => serveUnary(call, request as Message));
    case 'client_streaming':
      return answerOnce(runtime, binding, (call, requests) =>
        serveStream(call, new IncomingRequests(call, requests as AsyncIterable<Message>), SENDS_NOTHING),
      );
    case 'server_streaming':
      return answerStream(runtime, binding, (_call, request) => only(request as Message));
    case 'bidi_streaming':
      return answerStream(
        runtime,
        binding,
        (call, requests) => new IncomingRequests(call, requests as AsyncIterable<Message>),
      );
  }
}

/** A client stream answers by its result. */
const SENDS_NOTHING: Outbound<Message> = { send: () => undefined };

function answerOnce(
  runtime: CallRuntime,
  binding: MethodBinding,
  serve: (call: Call, request: Message | AsyncIterable<Message>) => Promise<Message | undefined>,
): AnswersOnce {
  return (request, context) =>
    new Promise((resolve, reject) => {
      const call = openCall(runtime, binding, context);
      const fail = (error: unknown): void => {
        const status = failCall(call, error);
        if (status !== false) {
          reject(connectErrorFromStatus(status, call.requestId));
        }
      };
      const succeed = (response: Message | undefined): void => {
        if (endCall(call)) {
          context.responseHeader.set('x-request-id', call.requestId);
          resolve(response as Message);
        }
      };
      call.onAbort(fail);
      serve(call, request).then(succeed, fail);
    });
}

function answerStream(
  runtime: CallRuntime,
  binding: MethodBinding,
  requestsOf: (call: Call, request: Message | AsyncIterable<Message>) => AsyncIterable<Message>,
): AnswersStream {
  return (request, context) => {
    const call = openCall(runtime, binding, context);
    context.responseHeader.set('x-request-id', call.requestId);
    const queue = new OutboundQueue<Message>(() => call.leave());
    const fail = (error: unknown): void => {
      const status = failCall(call, error);
      if (status !== false) {
        queue.end(connectErrorFromStatus(status, call.requestId));
      }
    };
    const succeed = (): void => {
      if (endCall(call)) {
        queue.end(undefined);
      }
    };
    call.onAbort(fail);
    serveStream(call, requestsOf(call, request), queue).then(succeed, fail);
    return queue;
  };
}

function openCall(runtime: CallRuntime, binding: MethodBinding, context: HandlerContext): Call {
  const call = new Call(runtime, binding, new HttpIncomingCall(context));
  // Connect aborts its signal at the end of every call too, when this one has ended and takes no more notice.
  context.signal.addEventListener('abort', () => {
    const reason: unknown = context.signal.reason;
    if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) {
      call.abort(call.deadlineExceeded());
    } else {
      call.leave();
    }
  });
  return call;
}

async function* only<T>(value: T): AsyncIterable<T> {
  yield value;
}
