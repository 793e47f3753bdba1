import { create, toBinary } from '@bufbuild/protobuf';
import {
  type ListWorkersRequest,
  type ListWorkersResponse,
  ListWorkersResponseSchema,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { type Worker, WorkerSchema } from '#gen/millrace/state/v1/worker_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { ListOrder } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace, parsePageToken } from '#libs/store/tables/page-token.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import type { StateContext } from '../context.ts';
import { connectedWorkers } from '../reads/connected-workers.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_BYTES } from '../reads/page-limits.ts';
import { workerToProto } from '../reads/worker-message.ts';

/** By id. */
const ORDER: ListOrder<Worker, readonly [string]> = {
  list: 'workers',
  parts: ['text'],
  placeOf: ({ workerId }) => [workerId],
};

/** DispatchService.ListWorkers: the workers that are connected to this node, by id. */
export function createListWorkers(context: StateContext): UnaryHandler<ListWorkersRequest, ListWorkersResponse> {
  return ({ pageSize, pageToken, queue, workflow }, { tenantId }) => {
    const limit = pageSize || DEFAULT_PAGE_SIZE;
    const scope = { tenantId, filter: [queue, workflow] };
    const [after] = pageToken === '' ? [undefined] : parsePageToken(ORDER, scope, pageToken);
    const workers: Worker[] = [];
    let bytes = 0;
    for (const connected of connectedWorkers(context.node.dispatch, tenantId)) {
      if (after !== undefined && compareText(connected.workerId, after) <= 0) continue;
      const worker = workerToProto(connected, context);
      if (queue !== '' && !worker.queues.includes(queue)) continue;
      if (workflow !== '' && !worker.definitions.some((definition) => definition.workflow === workflow)) continue;
      bytes += toBinary(WorkerSchema, worker).length;
      const last = workers.at(-1);
      if (last !== undefined && (workers.length >= limit || bytes > MAX_PAGE_BYTES)) {
        const nextPageToken = pageTokenFromPlace(ORDER, scope, ORDER.placeOf(last));
        return create(ListWorkersResponseSchema, { workers, nextPageToken });
      }
      workers.push(worker);
    }
    return create(ListWorkersResponseSchema, { workers });
  };
}
