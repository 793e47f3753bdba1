import type { CallRuntime } from '../call/runtime.ts';
import type { ListenAddress } from '../listen-address.ts';
import type { HttpRoute, TlsMaterial } from '../server-options.ts';
import type { ServiceBinding } from '../service-binding.ts';
import { answerCors } from './cors.ts';
import { type HttpListener, type HttpRequest, type HttpResponse, openHttpListener } from './http-listener.ts';
import { createConnectServer } from './serve-connect.ts';

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
  const serveRpc = createConnectServer(runtime, services);
  const origins = new Set(options.corsOrigins);
  const allowedHosts = options.allowedHosts?.map((host) => host.toLowerCase());
  const serve = (request: HttpRequest, response: HttpResponse): void => {
    if (!isAddressedToUs(request, allowedHosts)) {
      answerText(response, 421, 'this host name is not served here');
      return;
    }
    if (answerCors(request, response, origins)) {
      return;
    }
    const path = pathOf(request);
    const route = options.httpRoutes.get(path);
    if (route !== undefined && (request.method === 'GET' || request.method === 'HEAD')) {
      route(request, response);
      return;
    }
    if (!isUrl(request)) {
      answerText(response, 400, 'the host or path is malformed');
      return;
    }
    if (!serveRpc(path, request, response)) {
      answerText(response, 404, 'no such path');
    }
  };
  return openHttpListener(listen, {
    tls: options.tls,
    firstRequestTimeoutMs: runtime.limits.firstRequestTimeoutMs,
    onRequest: (request, response) => {
      try {
        serve(request, response);
      } catch (err) {
        // Nobody else would catch it, and the process would end.
        runtime.log.error({ err, path: pathOf(request) }, 'request failed');
        answerText(response, 500, 'internal error');
      }
    },
    onError: (err) => runtime.log.warn({ err }, 'http door has a fault'),
  });
}

/** A page of another site must not reach a service on its visitor's machine by a host name that it controls. */
function isAddressedToUs(request: HttpRequest, allowedHosts: readonly string[] | undefined): boolean {
  if (allowedHosts === undefined) {
    return true;
  }
  const host = authorityOf(request).replace(/:\d+$/, '').toLowerCase();
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
  if (!response.headersSent) {
    response.statusCode = status;
    response.setHeader('content-type', 'text/plain; charset=utf-8');
  }
  response.end(`${text}\n`);
}
