import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageShape,
} from '@bufbuild/protobuf';
import type { CallContext } from './call-context.ts';

/** Where a streaming handler puts its messages. */
export interface Outbound<O> {
  /**
   * Sends a message. Answers nothing while there is room; otherwise a promise of room, which the handler awaits before
   * it sends more. Sending on a stream whose caller is gone does nothing: the context's signal says so.
   */
  send(message: O): Promise<void> | undefined;
}

/** One request, one answer. */
export type UnaryHandler<I, O> = (request: I, context: CallContext) => O | Promise<O>;

/** One request, many answers. The stream ends when the promise settles. */
export type ServerStreamHandler<I, O> = (request: I, context: CallContext, out: Outbound<O>) => Promise<void>;

/** Many requests, one answer. */
export type ClientStreamHandler<I, O> = (requests: AsyncIterable<I>, context: CallContext) => Promise<O>;

/** Many requests, many answers, in any order. */
export type BidiHandler<I, O> = (requests: AsyncIterable<I>, context: CallContext, out: Outbound<O>) => Promise<void>;

/** A stream that answers, with the message that keeps it alive while it has nothing to say. */
export interface PingedHandler<H, O> {
  readonly handle: H;
  /** Makes the message that is sent whenever nothing else was for the ping interval. */
  readonly ping: () => O;
}

/** The handler of a method: a function of the shape that its kind demands. It knows neither door. */
export type HandlerFor<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? UnaryHandler<MessageShape<I>, MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ?
          | ServerStreamHandler<MessageShape<I>, MessageShape<O>>
          | PingedHandler<ServerStreamHandler<MessageShape<I>, MessageShape<O>>, MessageShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? ClientStreamHandler<MessageShape<I>, MessageShape<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ?
              | BidiHandler<MessageShape<I>, MessageShape<O>>
              | PingedHandler<BidiHandler<MessageShape<I>, MessageShape<O>>, MessageShape<O>>
          : never;

/** The handlers of a service. A method left out is not built yet and answers NOT_BUILT. */
export type ServiceHandlers<S extends DescService> = { readonly [K in keyof S['method']]?: HandlerFor<S['method'][K]> };
