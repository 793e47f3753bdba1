import { create } from '@bufbuild/protobuf';
import {
  type WatchMembersRequest,
  type WatchMembersResponse,
  WatchMembersResponseSchema,
} from '#gen/millrace/state/v1/cluster_service_pb.ts';
import type { PingedHandler, ServerStreamHandler } from '#libs/rpc/handler.ts';
import { type ClusterContext, memberListFrom } from './member-list.ts';

/**
 * ClusterService.WatchMembers: streams the nodes as this one sees them: as they are, then with every change. Nothing is
 * queued: whoever reads slowly gets the newest list and misses those in between.
 *
 * A caller that comes from another node brings a revision of that node's count, which says nothing here: unless it is
 * this node's own revision of this moment, the list is told at once.
 */
export function createWatchMembers(
  context: ClusterContext,
): PingedHandler<ServerStreamHandler<WatchMembersRequest, WatchMembersResponse>, WatchMembersResponse> {
  return {
    ping: () => create(WatchMembersResponseSchema, { frame: { case: 'ping', value: {} } }),
    async handle({ afterRevision }, { signal, goAway }, out) {
      const { cluster } = context;
      let wake: (() => void) | undefined;
      const look = (): void => wake?.();
      const stop = cluster.onChange(look);
      signal.addEventListener('abort', look);
      goAway.addEventListener('abort', look);
      try {
        let told = Number(afterRevision);
        while (!signal.aborted) {
          const view = cluster.members();
          if (view.revision !== told) {
            told = view.revision;
            const members = memberListFrom(view, view.members);
            await out.send(create(WatchMembersResponseSchema, { frame: { case: 'members', value: members } }));
          } else if (goAway.aborted) {
            const reason = 'the stream is to end';
            await out.send(create(WatchMembersResponseSchema, { frame: { case: 'goAway', value: { reason } } }));
            return;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        stop();
        signal.removeEventListener('abort', look);
        goAway.removeEventListener('abort', look);
      }
    },
  };
}
