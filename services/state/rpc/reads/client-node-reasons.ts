import { create } from '@bufbuild/protobuf';
import { BlockerSchema } from '#gen/millrace/state/v1/blocker_pb.ts';
import type { Event } from '#libs/engine/events/event.ts';
import { maybeItemId, plainQueue } from '#libs/engine/model/client-path.ts';
import type { DeadNode } from '#libs/engine/model/client-state.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { hotEntryOf, readyItemOf } from '#libs/partition/runs/ready-entry-of.ts';
import type { StateTables } from '#libs/store/store.ts';
import { clientLeaseToProto, nodeNameOf } from '../wire/client-node.ts';
import { timestampFromTime } from '../wire/timestamp.ts';
import type { ExplainScope } from './explain-scope.ts';
import { MAX_BLOCKERS } from './explanation.ts';
import { heldBackReason } from './held-back-reason.ts';
import { itemsAhead } from './items-ahead.ts';
import { leaseReason } from './lease-reason.ts';
import { quoted, type Reason, SEVERITY } from './reason.ts';
import { maybeEntryAt } from './record-at.ts';
import type { SeenItem } from './run-sight.ts';

/** A task or work item of a CLIENT run that is a dead letter. */
export interface SeenDeadNode extends Pick<DeadNode, 'deadLetterId' | 'time'> {
  readonly path: string;
}

/** What a visit sees of the tasks and work items of a CLIENT run: nothing of it changes when the run goes on. */
export interface SeenClientNodes {
  readonly dead: readonly SeenDeadNode[];
  readonly open: readonly SeenItem[];
  /** How many there are besides. */
  readonly left: number;
}

/** Looks at as many tasks and work items of a CLIENT run as are ever told. */
export function seeClientNodes(hot: HotRun): SeenClientNodes {
  const { client, nodes } = hot.run;
  const dead: SeenDeadNode[] = [];
  const open: SeenItem[] = [];
  let left = 0;
  for (const [path, { deadLetterId, time }] of client?.dead ?? []) {
    if (dead.length < MAX_BLOCKERS) dead.push({ path, deadLetterId, time });
    else left += 1;
  }
  for (const node of nodes.values()) {
    const ready = readyItemOf(node);
    if (node.item === undefined || ready === undefined) continue;
    const { path, failureSequence } = node;
    if (open.length < MAX_BLOCKERS)
      open.push({ path, item: { ...node.item }, entry: hotEntryOf(hot, ready), failureSequence });
    else left += 1;
  }
  return { dead, open, left };
}

/** Why the tasks and work items of a CLIENT run do not move: dead letters, holds, times to come, and nobody who claims. */
export async function clientNodeReasons(
  scope: ExplainScope,
  { dead, open }: SeenClientNodes,
  isHeldBack: boolean,
): Promise<readonly Reason[]> {
  const reasons: Reason[] = dead.map(deadReason);
  for (const seen of open) {
    const reason = await maybeOpenReason(scope, seen, isHeldBack);
    if (reason !== undefined) reasons.push(reason);
  }
  return reasons;
}

function deadReason({ path, deadLetterId, time }: SeenDeadNode): Reason {
  return {
    severity: SEVERITY.deadLetter,
    blocker: create(BlockerSchema, {
      nodePath: nameOf(path),
      sinceTime: timestampFromTime(time),
      kind: { case: 'deadLetter', value: { deadLetterId } },
    }),
    words: `${kindOf(path)} ${quoted(nameOf(path))} is the dead letter ${deadLetterId}; requeue it or purge it`,
  };
}

async function maybeOpenReason(scope: ExplainScope, seen: SeenItem, isHeldBack: boolean): Promise<Reason | undefined> {
  const { context, sight, nowMs } = scope;
  const { path, item, failureSequence } = seen;
  const { tables } = context.store;
  const named = { ...seen, path: nameOf(path) };
  if (item.lease !== undefined) {
    const { blocker, ...rest } = leaseReason(scope, named, item.lease);
    if (blocker.kind.case !== 'lease') return { blocker, ...rest };
    const lease = clientLeaseToProto(item.lease, sight.hot.identity, path);
    return { ...rest, blocker: { ...blocker, kind: { case: 'lease', value: { ...blocker.kind.value, lease } } } };
  }
  const { notBeforeTime = 0 } = item;
  if (notBeforeTime > nowMs) {
    const failure = await maybeFailure(tables, sight.hot, failureSequence);
    const failures = new Map(failure === undefined ? [] : [[failureSequence, failure]]);
    return heldBackReason({ ...scope, failures }, named, notBeforeTime);
  }
  // A task waits for its runtime, which is told of by itself.
  return isHeldBack || maybeItemId(path) === undefined ? undefined : await unclaimedReason(scope, seen);
}

async function unclaimedReason(
  { context, ahead: known }: ExplainScope,
  { path, item, entry }: SeenItem,
): Promise<Reason> {
  const list = JSON.stringify([entry.queue, entry.tags, entry.priority]);
  const ahead = known.get(list) ?? (await itemsAhead(context.store.tables, context.node.dispatch.lists, entry));
  known.set(list, ahead);
  const queue = plainQueue(item.queue);
  const tags = item.tags.length === 0 ? '' : ` by a worker that has ${item.tags.map(quoted).join(', ')}`;
  return {
    severity: SEVERITY.noWorker,
    blocker: create(BlockerSchema, {
      nodePath: nameOf(path),
      sinceTime: timestampFromTime(Math.max(item.scheduleTime, item.notBeforeTime ?? 0)),
      kind: {
        case: 'noWorker',
        value: { itemId: nameOf(path), queue, tags: [...item.tags], ahead: BigInt(ahead) },
      },
    }),
    words: `work item ${quoted(nameOf(path))} waits in queue ${quoted(queue)} to be claimed${tags}`,
  };
}

async function maybeFailure(
  tables: Pick<StateTables, 'readSegments'>,
  hot: HotRun,
  place: number,
): Promise<Event | undefined> {
  if (place === 0) return undefined;
  const entry = await maybeEntryAt(tables, hot, place);
  if (entry?.kind !== 'systemRecord' || entry.record.kind !== 'taskFailed') return undefined;
  return { ...entry.record, sequence: place, eventTime: entry.eventTime };
}

function nameOf(path: string): string {
  const { taskId, itemId } = nodeNameOf(path);
  return taskId || itemId;
}

function kindOf(path: string): string {
  return maybeItemId(path) === undefined ? 'task' : 'work item';
}
