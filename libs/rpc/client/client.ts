import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { type CallOptions, type ClientOptions, completeClientOptions, deadlineOf } from './call-options.ts';
import type { RpcChannel } from './channel.ts';
import { type MethodPlan, plansOf } from './method-plan.ts';
import { serverStream } from './server-stream.ts';
import { StreamCall } from './stream-call.ts';
import { callUnary } from './unary-call.ts';

/** Calls a unary method. Rejects with a DomainError. */
export type UnaryMethod<I extends DescMessage, O extends DescMessage> = (
  request: MessageInitShape<I>,
  options?: CallOptions,
) => Promise<MessageShape<O>>;

/**
 * Calls a method that answers with a stream. Each iteration of what it answers is a call of its own; leaving the loop
 * ends the call, and a failure is thrown into it.
 */
export type ServerStreamMethod<I extends DescMessage, O extends DescMessage> = (
  request: MessageInitShape<I>,
  options?: CallOptions,
) => AsyncIterable<MessageShape<O>>;

/** Opens a stream to which many messages go and one answer comes back. */
export type ClientStreamMethod<I extends DescMessage, O extends DescMessage> = (
  options?: CallOptions,
) => ClientStream<I, O>;

/** Opens a stream both ways. */
export type BidiMethod<I extends DescMessage, O extends DescMessage> = (options?: CallOptions) => BidiStream<I, O>;

/** An open stream both ways. Disposing aborts it where it has not ended. */
export interface BidiStream<I extends DescMessage, O extends DescMessage> extends AsyncDisposable {
  /**
   * Sends a message. Answers nothing while there is room; otherwise a promise of room, which the sender awaits before it
   * sends more and which also settles when the stream ends.
   *
   * @throws what the stream ended with, UNAVAILABLE if it ended well; CALLER_GONE after `close`; MALFORMED or
   * PAYLOAD_TOO_LARGE for the message; OVERLOADED when the sender never waits.
   */
  send(message: MessageInitShape<I>): Promise<void> | undefined;
  /** What comes back, for one reader. Leaving the loop aborts the stream; a failure is thrown into it. */
  readonly messages: AsyncIterableIterator<MessageShape<O>, undefined>;
  /** Says that nothing more will be sent; messages still come. Safe to call again. */
  close(): void;
  /** Ends the stream at once, for both sides; the reader gets CALLER_GONE. Safe to call again. */
  abort(reason?: unknown): void;
}

/** An open stream with one answer. */
export interface ClientStream<I extends DescMessage, O extends DescMessage> extends BidiStream<I, O> {
  /** Closes the stream and waits for the answer. Rejects with a DomainError. */
  finish(): Promise<MessageShape<O>>;
}

/** A method as a client calls it. */
export type ClientMethod<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? UnaryMethod<I, O>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? ServerStreamMethod<I, O>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? ClientStreamMethod<I, O>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? BidiMethod<I, O>
          : never;

/** The methods of a service by their local names. */
export type RpcClient<S extends DescService> = { readonly [K in keyof S['method']]: ClientMethod<S['method'][K]> };

/**
 * A client of a service over a channel; it costs little and holds nothing.
 *
 * Errors arrive as the DomainError that the service threw, or as one for the code where there is no reason. A call that
 * fails with kind `unavailable` is repeated where that is safe: the method is marked NO_SIDE_EFFECTS or IDEMPOTENT, or
 * its request has a `request_id`, which is made up where it is empty. Streams are repeated until their first answer, and
 * only those of one request. Repeats end at the deadline.
 */
export function createClient<S extends DescService>(
  service: S,
  channel: RpcChannel,
  options: ClientOptions = {},
): RpcClient<S> {
  const client = completeClientOptions(options);
  const methods = plansOf(service).map((plan) => [plan.method.localName, bindMethod(plan)]);
  // The loop over descriptors cannot see which function belongs to which method.
  return Object.fromEntries(methods) as RpcClient<S>;

  function bindMethod(plan: MethodPlan): unknown {
    switch (plan.method.methodKind) {
      case 'unary':
        return (request: MessageInitShape<DescMessage>, call: CallOptions = NO_OPTIONS) =>
          callUnary(channel, plan, client, request, call);
      case 'server_streaming':
        return (request: MessageInitShape<DescMessage>, call: CallOptions = NO_OPTIONS) =>
          serverStream(channel, plan, client, request, call);
      case 'client_streaming':
      case 'bidi_streaming':
        return (call: CallOptions = NO_OPTIONS) =>
          new StreamCall(channel, plan, client, call, deadlineOf(call, Number.POSITIVE_INFINITY));
    }
  }
}

const NO_OPTIONS: CallOptions = Object.freeze({});
