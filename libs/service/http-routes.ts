import type { Logger } from '#libs/logger/logger.ts';
import type { HttpRoute } from '#libs/rpc/server-options.ts';
import { PROMETHEUS_CONTENT_TYPE } from '#libs/telemetry/create-telemetry.ts';
import type { ReadinessState } from './readiness.ts';

/** What the routes tell about. */
export interface HttpRouteOptions {
  /** What `/` answers. */
  readonly frontPage: string;
  readonly readiness: ReadinessState;
  readonly renderMetrics: () => Promise<string>;
  readonly log: Logger;
}

const PLAIN_TEXT = 'text/plain; charset=utf-8';

/**
 * The routes beside the RPCs: `/` says what this is, `/healthz` answers while the process is alive, `/readyz` answers
 * 503 with the reason while the service starts or drains, `/metrics` is Prometheus text. None needs authentication.
 */
export function createHttpRoutes(options: HttpRouteOptions): ReadonlyMap<string, HttpRoute> {
  const { frontPage, readiness, renderMetrics, log } = options;
  return new Map<string, HttpRoute>([
    ['/', (_request, response) => answer(response, 200, PLAIN_TEXT, frontPage)],
    ['/healthz', (_request, response) => answer(response, 200, PLAIN_TEXT, 'alive\n')],
    [
      '/readyz',
      (_request, response) => {
        const { current } = readiness;
        answer(response, current === 'ready' ? 200 : 503, PLAIN_TEXT, `${current}\n`);
      },
    ],
    [
      '/metrics',
      (_request, response) => {
        renderMetrics().then(
          (text) => answer(response, 200, PROMETHEUS_CONTENT_TYPE, text),
          (error: unknown) => {
            log.error({ err: error }, 'metrics could not be rendered');
            answer(response, 500, PLAIN_TEXT, 'metrics could not be rendered\n');
          },
        );
      },
    ],
  ]);
}

function answer(response: Parameters<HttpRoute>[1], status: number, contentType: string, body: string): void {
  response.statusCode = status;
  response.setHeader('content-type', contentType);
  response.setHeader('cache-control', 'no-store');
  response.end(body);
}
