import type { Message } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import type { Call } from '../call/call.ts';
import { endCall, failCall } from '../call/end-call.ts';
import { only } from '../call/only.ts';
import { serveStream } from '../call/serve-stream.ts';
import { serveUnary } from '../call/serve-unary.ts';
import type { Outbound } from '../handler.ts';
import type { MethodBinding } from '../service-binding.ts';
import { connectErrorFromStatus } from './connect-error.ts';
import { IncomingRequests } from './incoming-requests.ts';
import { takeCall } from './open-call.ts';
import { OutboundQueue } from './outbound-queue.ts';

type AnswersOnce = (request: Message | AsyncIterable<Message>, context: HandlerContext) => Promise<Message>;
type AnswersStream = (request: Message | AsyncIterable<Message>, context: HandlerContext) => AsyncIterable<Message>;

/** Serves a method through connect-node. */
export function connectHandler(binding: MethodBinding): AnswersOnce | AnswersStream {
  switch (binding.method.methodKind) {
    case 'unary':
      return answerOnce((call, request) => serveUnary(call, request as Message));
    case 'client_streaming':
      return answerOnce((call, requests) =>
        serveStream(call, new IncomingRequests(call, requests as AsyncIterable<Message>), SENDS_NOTHING),
      );
    case 'server_streaming':
      return answerStream((_call, request) => only(request as Message));
    case 'bidi_streaming':
      return answerStream((call, requests) => new IncomingRequests(call, requests as AsyncIterable<Message>));
  }
}

/** A client stream answers by its result. */
const SENDS_NOTHING: Outbound<Message> = { send: () => undefined };

function answerOnce(
  serve: (call: Call, request: Message | AsyncIterable<Message>) => Promise<Message | undefined>,
): AnswersOnce {
  return (request, context) =>
    new Promise((resolve, reject) => {
      const call = takeCall(context);
      const fail = (error: unknown): void => {
        const status = failCall(call, error);
        if (status !== false) {
          reject(connectErrorFromStatus(status));
        }
      };
      const succeed = (response: Message | undefined): void => {
        if (endCall(call)) {
          resolve(response as Message);
        }
      };
      call.onAbort(fail);
      serve(call, request).then(succeed, fail);
    });
}

function answerStream(
  requestsOf: (call: Call, request: Message | AsyncIterable<Message>) => AsyncIterable<Message>,
): AnswersStream {
  return (request, context) => {
    const call = takeCall(context);
    const queue = new OutboundQueue<Message>(() => call.leave());
    const fail = (error: unknown): void => {
      const status = failCall(call, error);
      if (status !== false) {
        queue.end(connectErrorFromStatus(status));
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
