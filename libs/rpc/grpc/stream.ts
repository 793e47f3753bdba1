import type { Message } from '@bufbuild/protobuf';
import type { handleClientStreamingCall, ServerDuplexStream, ServerReadableStream, StatusObject } from '@grpc/grpc-js';
import type { UndecodedRequest } from '../call/accept-request.ts';
import { Call } from '../call/call.ts';
import { endCall, failCall } from '../call/end-call.ts';
import { only } from '../call/only.ts';
import type { CallRuntime } from '../call/runtime.ts';
import { serveStream } from '../call/serve-stream.ts';
import type { Outbound } from '../handler.ts';
import type { MethodBinding } from '../service-binding.ts';
import { responseEncoder } from './codec.ts';
import { GrpcIncomingCall } from './incoming.ts';
import { ReadableRequests } from './readable-requests.ts';
import { grpcStatus, trailers } from './status.ts';

/** A streaming call of grpc-js. */
export type GrpcStream = ServerDuplexStream<Message | UndecodedRequest, Buffer>;

/** How a message becomes bytes. */
type Encode = (message: Message) => Buffer;

/** Tells the caller how its stream ended. */
interface Ending {
  readonly fail: (status: StatusObject) => void;
  /** `response` is the answer of a client stream. */
  readonly succeed: (response: Buffer | undefined) => void;
}

/** Serves a method that answers with a stream. */
export function serverStreamHandler(
  runtime: CallRuntime,
  binding: MethodBinding,
): (stream: GrpcStream & { readonly request?: Message | UndecodedRequest }) => void {
  const encode = responseEncoder(binding.method.output, runtime.limits.maxMessageBytes);
  return (stream) => {
    const call = new Call(runtime, binding, new GrpcIncomingCall(stream));
    const requests =
      stream.request === undefined ? new ReadableRequests<Message>(stream, call.signal) : only(stream.request);
    serve(call, stream, requests, new WritableOutbound(call, stream, encode), encode, {
      fail: (status) => stream.emit('error', status),
      succeed: () => stream.end(trailers(call.requestId)),
    });
  };
}

/** Serves a method that takes a stream and answers once. */
export function clientStreamHandler(
  runtime: CallRuntime,
  binding: MethodBinding,
): handleClientStreamingCall<Message | UndecodedRequest, Buffer> {
  const encode = responseEncoder(binding.method.output, runtime.limits.maxMessageBytes);
  return (stream, respond) => {
    const call = new Call(runtime, binding, new GrpcIncomingCall(stream));
    serve(call, stream, new ReadableRequests(stream, call.signal), SENDS_NOTHING, encode, {
      fail: (status) => respond(status),
      succeed: (response) => respond(null, response, trailers(call.requestId)),
    });
  };
}

/** A client stream answers by its result. */
const SENDS_NOTHING: Outbound<Message> = { send: () => undefined };

function serve(
  call: Call,
  stream: GrpcStream | ServerReadableStream<Message | UndecodedRequest, Buffer>,
  requests: AsyncIterable<Message | UndecodedRequest>,
  out: Outbound<Message>,
  encode: Encode,
  ending: Ending,
): void {
  const fail = (error: unknown): void => {
    const status = failCall(call, error);
    if (status !== false) {
      ending.fail(grpcStatus(status, call.requestId));
    }
  };
  const succeed = (response: Message | undefined): void => {
    const bytes = response === undefined ? undefined : encode(response);
    if (endCall(call)) {
      ending.succeed(bytes);
    }
  };
  call.onAbort(fail);
  stream.on('cancelled', () => call.leave());
  serveStream(call, requests, out).then(succeed).catch(fail);
}

/** Answers go straight to grpc-js, whose buffer is the only one. */
class WritableOutbound implements Outbound<Message> {
  readonly #call: Call;
  readonly #stream: GrpcStream;
  readonly #encode: Encode;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(call: Call, stream: GrpcStream, encode: Encode) {
    this.#call = call;
    this.#stream = stream;
    this.#encode = encode;
    const makeRoom = (): void => {
      this.#room?.resolve();
      this.#room = undefined;
    };
    stream.on('drain', makeRoom);
    stream.on('close', makeRoom);
    call.signal.addEventListener('abort', makeRoom);
  }

  send(message: Message): Promise<void> | undefined {
    if (this.#call.isEnded || this.#stream.write(this.#encode(message))) {
      return undefined;
    }
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }
}
