import { type WorkItem, WorkItemState } from '#gen/millrace/state/v1/work_item_pb.ts';
import { maybeItemId, maybeTaskId, plainQueue } from '#libs/engine/model/client-path.ts';
import { type ClientState, MAX_ATTEMPTS } from '#libs/engine/model/client-state.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import { attemptOf, type OpenNode } from '#libs/engine/model/open-node.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { StateTables } from '#libs/store/store.ts';
import { isFreeTenant } from '#libs/store/tables/free-tenant.ts';
import { maybeEntryAt } from '../reads/record-at.ts';
import { clientLeaseToProto } from '../wire/client-node.ts';
import { maybeFailureToProto } from '../wire/failure.ts';
import type { RunRef } from '../wire/lease.ts';
import { payloadToReadableProto } from '../wire/payload.ts';
import { maybeTimestampFromTime } from '../wire/timestamp.ts';

/** A work item as a visit sees it: nothing of it changes when its run goes on. */
export interface SeenWorkItem {
  readonly hot: HotRun;
  /** Without its payload and its last failure. */
  readonly message: WorkItem;
  /** Where in the log the payload is. */
  readonly payloadPlace: number;
  /** Where the last failure is. 0: there was none. */
  readonly failurePlace: number;
}

/** How the run of a node is called outside: that of a free item not at all. */
export function runRefOf({ identity }: Pick<HotRun, 'identity'>): RunRef {
  const { tenantId, runId, incarnation } = identity;
  return isFreeTenant(tenantId) ? { runId: '', incarnation: '' } : { runId, incarnation };
}

/** Looks at the item, or the task, of a node. Undefined: nothing is known of it. */
export function maybeWorkItem(hot: HotRun, nodePath: string): SeenWorkItem | undefined {
  const { run } = hot;
  const { client } = run;
  const node = run.nodes.get(nodePath);
  const known = client?.items.get(nodePath);
  if (client === undefined || (known === undefined && node === undefined && !client.dead.has(nodePath))) {
    return undefined;
  }
  const item = node?.item;
  const ref = runRefOf(hot);
  const lease = item?.lease;
  return {
    hot,
    payloadPlace: known?.enqueuedPlace ?? 0,
    failurePlace: node?.failureSequence ?? 0,
    message: {
      $typeName: 'millrace.state.v1.WorkItem',
      itemId: maybeItemId(nodePath) ?? '',
      ...ref,
      nodeId: known?.nodeId ?? maybeTaskId(nodePath) ?? '',
      queue: known === undefined ? '' : plainQueue(known.queue),
      payload: undefined,
      attempt: currentAttempt(client, node, nodePath),
      maxAttempts: known?.maxAttempts ?? MAX_ATTEMPTS,
      priority: known?.priority ?? item?.priority ?? run.priority,
      tags: [...(known?.tags ?? item?.tags ?? [])],
      createTime: maybeTimestampFromTime(known?.createTime),
      notBeforeTime: maybeTimestampFromTime(lease === undefined ? item?.notBeforeTime : undefined),
      lease: lease === undefined ? undefined : clientLeaseToProto(lease, ref, nodePath),
      state: stateOf(client, node, nodePath),
      lastFailure: undefined,
    },
  };
}

function currentAttempt(client: ClientState, node: OpenNode | undefined, nodePath: string): number {
  const last = client.dead.get(nodePath)?.attempt;
  return node?.item?.attempt ?? last ?? (node === undefined ? 1 : attemptOf(node));
}

function stateOf(client: ClientState, node: OpenNode | undefined, nodePath: string): WorkItemState {
  if (client.dead.has(nodePath)) return WorkItemState.DEAD;
  if (node?.item !== undefined) return node.item.lease === undefined ? WorkItemState.READY : WorkItemState.LEASED;
  if (node?.settled?.kind === 'completed') return WorkItemState.COMPLETED;
  // The run has ended, or stands elsewhere by now.
  return WorkItemState.WITHDRAWN;
}

type LogTables = Pick<StateTables, 'readSegments'>;

/** The payload of an item, from its log. */
export async function payloadOf(tables: LogTables, seen: SeenWorkItem): Promise<Payload | undefined> {
  if (seen.payloadPlace === 0) return undefined;
  const entry = await maybeEntryAt(tables, seen.hot, seen.payloadPlace);
  return entry?.kind === 'systemRecord' && entry.record.kind === 'itemEnqueued' ? entry.record.input : undefined;
}

/** Why the last attempt of an item failed, from its log. */
async function maybeLastFailure(tables: LogTables, { hot, failurePlace }: SeenWorkItem): Promise<Failure | undefined> {
  if (failurePlace === 0) return undefined;
  const entry = await maybeEntryAt(tables, hot, failurePlace);
  return entry?.kind === 'systemRecord' && entry.record.kind === 'taskFailed' ? entry.record.failure : undefined;
}

/** A whole item: with its payload, and why its last attempt failed. */
export async function wholeWorkItem(tables: LogTables, seen: SeenWorkItem): Promise<WorkItem> {
  const [payload, failure] = await Promise.all([payloadOf(tables, seen), maybeLastFailure(tables, seen)]);
  return {
    ...seen.message,
    payload: payloadToReadableProto(payload),
    lastFailure: maybeFailureToProto(failure, payloadToReadableProto),
  };
}
