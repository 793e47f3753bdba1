import { createContextValues } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { CallRuntime } from '../call/runtime.ts';
import type { ListenAddress } from '../listen-address.ts';
import type { HttpRoute, TlsMaterial } from '../server-options.ts';
import type { ServiceBinding } from '../service-binding.ts';
import { answerCors } from './cors.ts';
import { connectHandler } from './handlers.ts';
import { type HttpListener, type HttpRequest, type HttpResponse, openHttpListener } from './http-listener.ts';
import { PEER_ADDRESS } from './incoming.ts';

/** What the HTTP door serves besides the RPCs. */
export interface HttpDoorOptions {
  readonly tls: TlsMaterial | undefined;
  readonly corsOrigins: readonly string[];
  readonly httpRoutes: ReadonlyMap<string, HttpRoute>;
  /** The host names that requests may be addressed to; absent: any. */
  readonly allowedHosts: readonly string[] | undefined;
}

/** Opens the door for Connect, gRPC-Web, JSON and plain HTTP routes. gRPC proper has its own door. */
export function openHttpDoor(
  runtime: CallRuntime,
  services: readonly ServiceBinding[],
  listen: ListenAddress,
  options: HttpDoorOptions,
): Promise<HttpListener> {
  const { maxMessageBytes } = runtime.limits;
  const serveRpc = connectNodeAdapter({
    grpc: false,
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    contextValues: (request) => createContextValues().set(PEER_ADDRESS, request.socket.remoteAddress ?? ''),
    routes: (router) => {
      for (const binding of services.flatMap(({ methods }) => methods)) {
        // The descriptor decides the handler's shape at run time, which the router's type cannot follow.
        router.rpc(binding.method, connectHandler(runtime, binding) as never);
      }
    },
    fallback: (_request, response) => answerText(response as HttpResponse, 404, 'no such path'),
  });
  const origins = new Set(options.corsOrigins);
  const serve = (request: HttpRequest, response: HttpResponse): void => {
    if (!isAddressedToUs(request, options.allowedHosts)) {
      answerText(response, 421, 'this host name is not served here');
      return;
    }
    if (answerCors(request, response, origins)) {
      return;
    }
    const route = options.httpRoutes.get(pathOf(request));
    if (route !== undefined && (request.method === 'GET' || request.method === 'HEAD')) {
      route(request, response);
      return;
    }
    if (!isUrl(request)) {
      answerText(response, 400, 'the host or path is malformed');
      return;
    }
    serveRpc(request, response);
  };
  return openHttpListener(listen, {
    tls: options.tls,
    firstRequestTimeoutMs: runtime.limits.firstRequestTimeoutMs,
    onRequest: serve,
    onError: (err) => runtime.log.warn({ err }, 'http door has a fault'),
  });
}

/** A page of another site must not reach a service on its visitor's machine by a host name that it controls. */
function isAddressedToUs(request: HttpRequest, allowedHosts: readonly string[] | undefined): boolean {
  if (allowedHosts === undefined) {
    return true;
  }
  const host = authorityOf(request)
    .replace(/:\d+$/, '')
    .toLowerCase();
  return /^(\d+\.){3}\d+$/.test(host) || host.startsWith('[') || host === 'localhost' || allowedHosts.includes(host);
}

/** Connect throws outside of any call when host and path do not make a URL. */
function isUrl(request: HttpRequest): boolean {
  return URL.canParse(request.url ?? '/', `http://${authorityOf(request)}`);
}

function authorityOf({ headers }: HttpRequest): string {
  return String(headers[':authority'] ?? headers.host ?? '');
}

function pathOf(request: HttpRequest): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function answerText(response: HttpResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}
