import { create } from '@bufbuild/protobuf';
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '#gen/grpc/health/v1/health_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { bindService, type ServiceBinding } from '../service-binding.ts';
import type { HealthState } from './health-state.ts';
import { watchHealth } from './watch-health.ts';

/** No service that is served has a longer name; a longer one is not kept while it is watched. */
const MAX_SERVICE_NAME_LENGTH = 256;

/** Anyone may watch without authentication, so that the number of streams is bounded. */
const MAX_WATCHERS = 1_000;

/** When a probe that found no room may come back. */
const WATCH_AGAIN_MS = 5_000;

/** What the health service may be told. */
export interface HealthServiceOptions {
  /** How many Watch streams may be open at a time; more are refused with OVERLOADED. Default 1 000. */
  readonly maxWatchers?: number;
}

/**
 * `grpc.health.v1.Health` over a health state. It needs no authentication, because probes have none.
 *
 * Check of an unknown service is SERVICE_NOT_FOUND. Watch of one says SERVICE_UNKNOWN and goes on: it tells when the
 * service becomes known.
 */
export function createHealthBinding(state: HealthState, options: HealthServiceOptions = {}): ServiceBinding {
  const maxWatchers = options.maxWatchers ?? MAX_WATCHERS;
  let watchers = 0;
  return bindService(
    Health,
    {
      check(request) {
        const isServing = state.statuses.get(request.service);
        if (isServing === undefined) {
          throw new DomainError('SERVICE_NOT_FOUND', 'no service of that name is served here');
        }
        return responseOf(isServing);
      },
      list() {
        const statuses: Record<string, HealthCheckResponse> = {};
        for (const [service, isServing] of state.statuses) {
          statuses[service] = responseOf(isServing);
        }
        return create(HealthListResponseSchema, { statuses });
      },
      async watch(request, context, out) {
        assertWatchable(request.service);
        if (watchers >= maxWatchers) {
          throw new DomainError('OVERLOADED', `more than ${maxWatchers} watchers of health`, {
            metadata: { limit: 'health_watchers', maximum: String(maxWatchers) },
            retryAfterMs: WATCH_AGAIN_MS,
          });
        }
        watchers += 1;
        try {
          await watchHealth(state, request.service, context, (isServing) => out.send(responseOf(isServing)));
        } finally {
          watchers -= 1;
        }
      },
    },
    { allowed: 'everyone' },
  );
}

function assertWatchable(service: string): void {
  if (service.length > MAX_SERVICE_NAME_LENGTH) {
    const description = `at most ${MAX_SERVICE_NAME_LENGTH} characters`;
    throw new DomainError('INVALID_FIELDS', `service has ${description}`, {
      violations: [{ field: 'service', description }],
    });
  }
}

function responseOf(isServing: boolean | undefined): HealthCheckResponse {
  return create(HealthCheckResponseSchema, { status: servingStatusOf(isServing) });
}

function servingStatusOf(isServing: boolean | undefined): ServingStatus {
  if (isServing === undefined) {
    return ServingStatus.SERVICE_UNKNOWN;
  }
  return isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
}
