import { createConnectRouter, createContextValues, type HandlerContext } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerRequest, UniversalServerResponse } from '@connectrpc/connect/protocol';
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import type { CallRuntime } from '../call/runtime.ts';
import type { ServiceBinding } from '../service-binding.ts';
import { connectHandler } from './handlers.ts';
import type { HttpRequest, HttpResponse } from './http-listener.ts';
import { PEER_ADDRESS } from './incoming.ts';
import { openCall } from './open-call.ts';

/** Serves an RPC; answers `false` when the path is that of none. */
export type ServeConnect = (path: string, request: HttpRequest, response: HttpResponse) => boolean;

/** Serves Connect, gRPC-Web and JSON. It is connect-node's own adapter, but for the log, which that one has none of. */
export function createConnectServer(runtime: CallRuntime, services: readonly ServiceBinding[]): ServeConnect {
  const { maxMessageBytes } = runtime.limits;
  const bindings = new Map(services.flatMap(({ methods }) => methods.map((binding) => [binding.method, binding])));
  const router = createConnectRouter({
    grpc: false,
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    acceptCompression: [compressionGzip, compressionBrotli],
    requestGate: (context: HandlerContext) => {
      const binding = bindings.get(context.method);
      return binding === undefined ? undefined : openCall(runtime, binding, context);
    },
  });
  for (const binding of bindings.values()) {
    // The descriptor decides the handler's shape at run time, which the router's type cannot follow.
    router.rpc(binding.method, connectHandler(binding) as never);
  }
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (path, request, response) => {
    const handler = handlers.get(path);
    if (handler === undefined) {
      return false;
    }
    const contextValues = createContextValues().set(PEER_ADDRESS, request.socket.remoteAddress ?? 'unknown');
    void answer(
      runtime,
      handler,
      universalRequestFromNodeRequest(request, response, undefined, contextValues),
      response,
    );
    return true;
  };
}

async function answer(
  runtime: CallRuntime,
  handler: UniversalHandler,
  request: UniversalServerRequest,
  response: HttpResponse,
): Promise<void> {
  let answered: UniversalServerResponse;
  try {
    answered = await handler(request);
  } catch (err) {
    runtime.log.error({ err, method: handler.requestPath }, 'call not answered');
    response.statusCode = 500;
    response.end();
    return;
  }
  try {
    await universalResponseToNodeResponse(answered, response);
  } catch (err) {
    // The caller left. A fault of the handler has become an answer before.
    runtime.log.debug({ err, method: handler.requestPath }, 'answer not delivered');
    response.end();
  }
}
