import { create } from '@bufbuild/protobuf';
import {
  ClaimService,
  type TaskAvailable,
  type WatchAvailableTasksRequest,
  type WatchAvailableTasksResponse,
  WatchAvailableTasksResponseSchema,
} from '#gen/millrace/state/v1/claim_service_pb.ts';
import { maybeTaskId, TASK_QUEUE } from '#libs/engine/model/client-path.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import type { PingedHandler, ServerStreamHandler } from '#libs/rpc/handler.ts';
import { createHints } from '../client-runs/hints.ts';
import type { StateContext } from '../context.ts';
import { channelsToOthers } from '../other-nodes.ts';
import { sortedTags } from '../wire/tags.ts';

/**
 * ClaimService.WatchAvailableTasks: hints that a task may be available, on whichever node. Whoever reads slowly gets one
 * that names no task in the place of all those that had no room. Nothing depends on them: a node that does not answer
 * is left out, and who hears of nothing for a while looks by itself.
 */
export function createWatchAvailableTasks(
  context: StateContext,
): PingedHandler<
  ServerStreamHandler<WatchAvailableTasksRequest, WatchAvailableTasksResponse>,
  WatchAvailableTasksResponse
> {
  return {
    ping: () => create(WatchAvailableTasksResponseSchema, { ping: {} }),
    async handle(request, call, out) {
      const { tags, workflow } = request;
      const have = new Set(sortedTags(tags));
      const hints = createHints(call.signal, call.goAway);
      const stop = context.node.dispatch.watchQueue(call.tenantId, TASK_QUEUE, (entry) => {
        if (workflow !== '' && entry.workflow !== workflow) return;
        if (!entry.tags.every((tag) => have.has(tag))) return;
        hints.add(hintOf(entry.runId, maybeTaskId(entry.nodePath) ?? '', entry.workflow));
      });
      const ended = new AbortController();
      const relayed = channelsToOthers(context.cluster, call).map(async (channel) => {
        try {
          const stream = createClient(ClaimService, channel).watchAvailableTasks(request, {
            parent: call,
            signal: ended.signal,
          });
          for await (const answer of stream) for (const hint of answer.hints) hints.add(hint);
        } catch (error) {
          if (!ended.signal.aborted) call.log.debug({ err: error }, 'another node tells nothing of its tasks');
        }
      });
      try {
        for (let some = await hints.next(); some !== undefined; some = await hints.next()) {
          await out.send(create(WatchAvailableTasksResponseSchema, { hints: some }));
        }
        if (!call.signal.aborted) {
          await out.send(create(WatchAvailableTasksResponseSchema, { goAway: { reason: 'the stream is to end' } }));
        }
      } finally {
        stop();
        hints.close();
        ended.abort();
        await Promise.all(relayed);
      }
    },
  };
}

function hintOf(runId: string, taskId: string, workflow: string): TaskAvailable {
  return { $typeName: 'millrace.state.v1.TaskAvailable', runId, taskId, workflow };
}
