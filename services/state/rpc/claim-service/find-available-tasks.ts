import { create } from '@bufbuild/protobuf';
import type { AvailableTask } from '#gen/millrace/state/v1/available_task_pb.ts';
import {
  ClaimService,
  type FindAvailableTasksRequest,
  type FindAvailableTasksResponse,
  FindAvailableTasksResponseSchema,
} from '#gen/millrace/state/v1/claim_service_pb.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { agingFrom } from '../client-runs/aging.ts';
import { mergeTasks } from '../client-runs/merge-tasks.ts';
import { findTasksHere } from '../client-runs/tasks-here.ts';
import type { StateContext } from '../context.ts';
import { channelsToOthers } from '../other-nodes.ts';

/** Without retries: what a node that does not answer has is offered by whoever owns it next. */
const ASK_ONCE = { retry: { maxAttempts: 1 } };

/**
 * ClaimService.FindAvailableTasks: the tasks that may be claimed, best first, of every partition whichever node is asked.
 * It looks at the heads of the lists of tasks, so that its cost does not depend on how many wait [19–25].
 */
export function createFindAvailableTasks(
  context: StateContext,
): UnaryHandler<FindAvailableTasksRequest, FindAvailableTasksResponse> {
  return async (request, call) => {
    const agingMs = agingFrom(request.aging);
    const [here, ...others] = await Promise.all([
      findTasksHere(context, call.tenantId, request, agingMs),
      ...channelsToOthers(context.cluster, call).map(async (channel): Promise<readonly AvailableTask[]> => {
        const client = createClient(ClaimService, channel, ASK_ONCE);
        return await tasksOf(client.findAvailableTasks(request, { parent: call }), call);
      }),
    ]);
    const tasks = others.length === 0 ? here : mergeTasks([here, ...others], request.limit, agingMs);
    return create(FindAvailableTasksResponseSchema, { tasks: [...tasks] });
  };
}

async function tasksOf(
  answer: Promise<FindAvailableTasksResponse>,
  { log }: CallContext,
): Promise<readonly AvailableTask[]> {
  try {
    return (await answer).tasks;
  } catch (error) {
    log.debug({ err: error }, 'another node did not say which tasks it has');
    return [];
  }
}
