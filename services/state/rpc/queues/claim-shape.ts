import { durationMs } from '@bufbuild/protobuf/wkt';
import type { ClaimWorkItemRequest } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { itemQueue } from '#libs/engine/model/client-path.ts';
import type { LeaseExpiry } from '#libs/engine/model/lease.ts';
import { createDispatchOrder, type DispatchOrder } from '#libs/partition/ready/dispatch-order.ts';
import { ANY_DEFINITION, type WorkerShape } from '#libs/partition/ready/worker-shape.ts';
import { DEFAULT_TTL_MS } from '../unary-work/extend-lease.ts';
import { msFromDuration } from '../wire/duration.ts';
import { sortedTags } from '../wire/tags.ts';

const DEFAULT_QUEUE = 'default';
/** The longest duration that there is: as no aging. */
const MAX_DURATION_SECONDS = 315_576_000_000n;

type Terms = Pick<ClaimWorkItemRequest, 'queues' | 'tags'>;

/** What a claim may get: items of its queues, of runs and free ones. */
export function claimShape(tenantId: string, { queues, tags }: Terms): WorkerShape {
  return {
    tenantId,
    queues: new Set((queues.length === 0 ? [DEFAULT_QUEUE] : queues).map(itemQueue)),
    tags: new Set(sortedTags(tags)),
    definitions: new Set([ANY_DEFINITION]),
  };
}

/** How the lease of a claim holds: as it says, else by the heartbeats of its session, else for 30 s. */
export function claimExpiry({ expiry, sessionId }: Pick<ClaimWorkItemRequest, 'expiry' | 'sessionId'>): LeaseExpiry {
  switch (expiry.case) {
    case 'ttl':
      return { kind: 'ttl', ttlMs: msFromDuration(expiry.value) };
    case 'noExpiry':
      return { kind: 'noExpiry' };
    case undefined:
      return sessionId === '' ? { kind: 'ttl', ttlMs: DEFAULT_TTL_MS } : { kind: 'heartbeat' };
  }
}

/** The order in which a claim wants what waits, where it is not the usual one. */
export function maybeClaimOrder({ aging }: Pick<ClaimWorkItemRequest, 'aging'>): DispatchOrder | undefined {
  switch (aging.case) {
    case 'agingInterval': {
      const isNone = aging.value.seconds >= MAX_DURATION_SECONDS;
      // What is below a second, or below nothing, is raised to one by the order.
      return createDispatchOrder(isNone ? Infinity : durationMs(aging.value));
    }
    case 'noAging':
      return createDispatchOrder(Infinity);
    case undefined:
      return undefined;
  }
}
