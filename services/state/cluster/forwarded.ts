import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageShape,
} from '@bufbuild/protobuf';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { HandlerFor, Outbound, PingedHandler, ServerStreamHandler, UnaryHandler } from '#libs/rpc/handler.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { forwardStream } from './forward-stream.ts';
import { forwardUnary } from './forward-unary.ts';
import { type Forwarding, partitionOfKey } from './forwarding.ts';

/** The request of a method that is forwarded. */
type RequestOf<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer _O>
    ? MessageShape<I>
    : M extends DescMethodServerStreaming<infer I, infer _O>
      ? MessageShape<I>
      : never;

/**
 * Names the run that a request is about, or the item by its id; undefined where any node serves it. Of a unary method it
 * may have to be looked for.
 */
export type KeyOf<M extends DescMethod> = (
  request: RequestOf<M>,
  context: CallContext,
) => M extends DescMethodUnary ? MaybeLater<RunKey | undefined> : RunKey | undefined;

/** What may have to be looked for. */
type MaybeLater<T> = T | Promise<T>;

type AnyKeyOf = (request: Message, context: CallContext) => MaybeLater<RunKey | undefined>;

type AnyHandler = UnaryHandler<Message, Message> | ServerStreamHandler<Message, Message>;

/**
 * Wraps the handler of a method so that each call is served by the node that owns the partition of its run, wherever the
 * call came in. `keyOf` may fill in what the handler would make up, so that each attempt is about the same run.
 *
 * @throws INTERNAL for a method whose requests are a stream.
 */
export function forwarded<S extends DescService, K extends keyof S['method'] & string>(
  forwarding: Forwarding,
  service: S,
  name: K,
  keyOf: KeyOf<S['method'][K]>,
  handler: HandlerFor<S['method'][K]>,
): HandlerFor<S['method'][K]> {
  const method: DescMethod | undefined = service.method[name];
  // The types of the parameters tie handler and key to the method, which the code that serves all methods cannot see.
  const wrapped = wrap(
    forwarding,
    method,
    keyOf as AnyKeyOf,
    handler as AnyHandler | PingedHandler<AnyHandler, Message>,
  );
  return wrapped as HandlerFor<S['method'][K]>;
}

function wrap(
  forwarding: Forwarding,
  method: DescMethod | undefined,
  keyOf: AnyKeyOf,
  handler: AnyHandler | PingedHandler<AnyHandler, Message>,
): unknown {
  if (typeof handler !== 'function') return { ...handler, handle: wrap(forwarding, method, keyOf, handler.handle) };
  switch (method?.methodKind) {
    case 'unary': {
      const local = handler as UnaryHandler<Message, Message>;
      return (request: Message, context: CallContext): Message | Promise<Message> => {
        const route = (key: RunKey | undefined): Message | Promise<Message> => {
          if (key === undefined) return local(request, context);
          const partition = partitionOfKey(key, forwarding.ownership.partitionCount);
          return forwardUnary(forwarding, method, partition, request, context, local);
        };
        const key = keyOf(request, context);
        return key instanceof Promise ? key.then(route) : route(key);
      };
    }
    case 'server_streaming': {
      const local = handler as ServerStreamHandler<Message, Message>;
      return async (request: Message, context: CallContext, out: Outbound<Message>): Promise<void> => {
        const key = await keyOf(request, context);
        if (key === undefined) return await local(request, context, out);
        const partition = partitionOfKey(key, forwarding.ownership.partitionCount);
        return await forwardStream(forwarding, method, partition, request, context, out, local);
      };
    }
    case 'client_streaming':
    case 'bidi_streaming':
    case undefined:
      throw new DomainError('INTERNAL', `${method?.name ?? 'a method'} cannot be forwarded by its request`);
  }
}
