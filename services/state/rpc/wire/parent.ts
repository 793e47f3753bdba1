import type { RunParent as ParentMessage } from '#gen/millrace/state/v1/run_pb.ts';
import type { RunParent } from '#libs/engine/model/parent.ts';
import { childModeToProto } from './child-mode.ts';

/** A parent on the wire; absent stays absent. */
export function maybeParentToProto(parent: RunParent | undefined): ParentMessage | undefined {
  if (parent === undefined) return undefined;
  const { runId, incarnation, nodePath, mode } = parent;
  return { $typeName: 'millrace.state.v1.RunParent', runId, incarnation, nodePath, mode: childModeToProto(mode) };
}
