import { create } from '@bufbuild/protobuf';
import {
  type LoadSnapshotRequest,
  type LoadSnapshotResponse,
  LoadSnapshotResponseSchema,
} from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { draftSnapshot, finishSnapshot } from '../client-runs/snapshot-message.ts';
import type { StateContext } from '../context.ts';
import { lookAt } from '../reads/look-at.ts';

/** SnapshotService.LoadSnapshot: a snapshot that a runtime saved, or the fold of a SERVER run [1, 9, 61]. */
export function createLoadSnapshot(context: StateContext): UnaryHandler<LoadSnapshotRequest, LoadSnapshotResponse> {
  return async ({ runId, incarnation, version }, { tenantId }) => {
    const wanted = version === undefined ? undefined : Number(version);
    const draft = await lookAt(context, { tenantId, runId }, incarnation, (hot) => draftSnapshot(hot, wanted));
    return create(LoadSnapshotResponseSchema, { snapshot: await finishSnapshot(context.store.tables, draft) });
  };
}
