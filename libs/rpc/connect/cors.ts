import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { cors } from '@connectrpc/connect';

/** How long a browser may remember the answer to its preflight. */
const PREFLIGHT_MAX_AGE_S = 2 * 60 * 60;

const ALLOWED_METHODS = cors.allowedMethods.join(', ');
const ALLOWED_HEADERS = [...cors.allowedHeaders, 'authorization', 'x-request-id', 'traceparent', 'tracestate'].join(
  ', ',
);
const EXPOSED_HEADERS = [...cors.exposedHeaders, 'x-request-id'].join(', ');

/** Lets the configured origins in. Answers `true` when the request was a preflight and is answered. */
export function answerCors(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  origins: ReadonlySet<string>,
): boolean {
  const { origin } = request.headers;
  const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  if (origin !== undefined && (origins.has(origin) || origins.has('*'))) {
    response.setHeader('access-control-allow-origin', origins.has('*') ? '*' : origin);
    response.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
    response.setHeader('vary', 'origin');
    if (isPreflight) {
      response.setHeader('access-control-allow-methods', ALLOWED_METHODS);
      response.setHeader('access-control-allow-headers', ALLOWED_HEADERS);
      response.setHeader('access-control-max-age', String(PREFLIGHT_MAX_AGE_S));
    }
  }
  if (isPreflight) {
    response.statusCode = 204;
    response.end();
  }
  return isPreflight;
}
