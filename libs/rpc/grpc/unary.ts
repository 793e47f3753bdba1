import type { Message } from '@bufbuild/protobuf';
import type { handleUnaryCall } from '@grpc/grpc-js';
import type { UndecodedRequest } from '../call/accept-request.ts';
import { Call } from '../call/call.ts';
import { endCall, failCall } from '../call/end-call.ts';
import type { CallRuntime } from '../call/runtime.ts';
import { serveUnary } from '../call/serve-unary.ts';
import type { MethodBinding } from '../service-binding.ts';
import type { CallTurns } from './call-turns.ts';
import { responseEncoder } from './codec.ts';
import { GrpcIncomingCall } from './incoming.ts';
import { grpcStatus, trailers } from './status.ts';

/** Serves a unary method through grpc-js. */
export function unaryHandler(
  runtime: CallRuntime,
  turns: CallTurns,
  binding: MethodBinding,
): handleUnaryCall<Message | UndecodedRequest, Buffer> {
  const encode = responseEncoder(binding.method.output, runtime.limits.maxMessageBytes);
  return (grpcCall, respond) => {
    const call = new Call(runtime, binding, new GrpcIncomingCall(grpcCall));
    const fail = (error: unknown): void => {
      const status = failCall(call, error);
      if (status !== false) {
        respond(grpcStatus(status, call.requestId));
      }
    };
    const answer = (response: Message): void => {
      const bytes = encode(response);
      if (endCall(call)) {
        respond(null, bytes, trailers(call.requestId));
      }
    };
    call.onAbort(fail);
    grpcCall.on('cancelled', () => call.leave());
    turns.begin(() => {
      if (!call.isEnded) serveUnary(call, grpcCall.request).then(answer).catch(fail);
    });
  };
}
