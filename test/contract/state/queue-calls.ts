import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { type CallOptions, type Client, createClient } from '@connectrpc/connect';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import {
  type ClaimWorkItemRequestSchema,
  type CompleteWorkItemRequestSchema,
  type CompleteWorkItemResponse,
  type EnqueueWorkItemRequestSchema,
  type EnqueueWorkItemResponse,
  type FailWorkItemRequestSchema,
  type FailWorkItemResponse,
  QueueService,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { WorkItem } from '#gen/millrace/state/v1/work_item_pb.ts';
import type { ServedEcho } from '#test/doors/serve-echo.ts';
import { definitionCalls, opaqueOf } from './definition-calls.ts';
import { type Door, newTenant, ROOT } from './serve-state.ts';

/** The fields of a message, as a test names them. */
type Init<S extends DescMessage> = Exclude<MessageInitShape<S>, MessageShape<S>>;

/** A claimed item: what settles it. */
export type Held = Pick<WorkItem, 'itemId' | 'runId' | 'lease'>;

/** The queues of one tenant. */
export interface QueueCalls {
  readonly tenantId: string;
  readonly queues: Client<typeof QueueService>;
  readonly runs: Client<typeof RunService>;
  readonly enqueue: (
    itemId: string,
    more?: Init<typeof EnqueueWorkItemRequestSchema>,
  ) => Promise<EnqueueWorkItemResponse>;
  /** Claims once as `w-1`, without a wait, where nothing else is said. */
  readonly claim: (
    more?: Init<typeof ClaimWorkItemRequestSchema>,
    options?: CallOptions,
  ) => Promise<WorkItem | undefined>;
  /** Claims what must be there. */
  readonly take: (more?: Init<typeof ClaimWorkItemRequestSchema>) => Promise<WorkItem>;
  readonly complete: (
    held: Held,
    more?: Init<typeof CompleteWorkItemRequestSchema>,
  ) => Promise<CompleteWorkItemResponse>;
  readonly fail: (held: Held, more?: Init<typeof FailWorkItemRequestSchema>) => Promise<FailWorkItemResponse>;
  /** Starts a CLIENT run. */
  readonly startRun: (runId: string) => Promise<string>;
}

/** What names a hold in a call. */
export function holdOf({ itemId, runId, lease }: Held): {
  readonly itemId: string;
  readonly runId: string;
  readonly workerId: string;
  readonly fence: bigint;
} {
  if (lease === undefined) throw new TypeError(`nobody holds ${itemId}`);
  return { itemId, runId, workerId: lease.workerId, fence: lease.fence };
}

/** The calls of a tenant that no other test has. */
export function queueCalls({ transport }: Door, served: ServedEcho, tenantId: string = newTenant()): QueueCalls {
  const door = transport(served.addresses);
  const queues = createClient(QueueService, door);
  const runs = createClient(RunService, door);
  const { put } = definitionCalls({ name: '', transport }, served, tenantId);
  const claim: QueueCalls['claim'] = async (more = {}, options = {}) =>
    (await queues.claimWorkItem({ workerId: 'w-1', ...more, tenantId }, { ...ROOT, ...options })).item;
  return {
    tenantId,
    queues,
    runs,
    enqueue: (itemId, more = {}) => queues.enqueueWorkItem({ ...more, itemId, tenantId }, ROOT),
    claim,
    take: async (more = {}) => {
      const item = await claim(more);
      if (item === undefined) throw new TypeError('no item came');
      return item;
    },
    complete: (held, more = {}) => queues.completeWorkItem({ ...more, ...holdOf(held), tenantId }, ROOT),
    fail: (held, more = {}) =>
      queues.failWorkItem({ failure: { type: 'Broken', message: 'no' }, ...more, ...holdOf(held), tenantId }, ROOT),
    startRun: async (runId) => {
      await put(opaqueOf('remote', '1'), { activate: true });
      const { run } = await runs.startRun({ tenantId, runId, workflow: 'remote', driver: Driver.CLIENT }, ROOT);
      return run?.incarnation ?? '';
    },
  };
}
