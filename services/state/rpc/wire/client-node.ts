import type { Lease as LeaseMessage } from '#gen/millrace/state/v1/lease_pb.ts';
import { maybeItemId, maybeTaskId } from '#libs/engine/model/client-path.ts';
import type { Lease } from '#libs/engine/model/lease.ts';
import { leaseToProto, type RunRef } from './lease.ts';

/** How the node of a CLIENT run is called outside: a task or a work item. */
export interface NodeName {
  /** Empty: a work item. */
  readonly taskId: string;
  /** Empty: a task. */
  readonly itemId: string;
}

/** What a node is called outside. */
export function nodeNameOf(nodePath: string): NodeName {
  return { taskId: maybeTaskId(nodePath) ?? '', itemId: maybeItemId(nodePath) ?? '' };
}

/** A hold on a task or work item of a CLIENT run, on the wire. */
export function clientLeaseToProto(lease: Lease, run: RunRef, nodePath: string): LeaseMessage {
  return { ...leaseToProto(lease, run, ''), ...nodeNameOf(nodePath) };
}
