import type { HeldState } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { HeldItem } from '#gen/millrace/state/v1/work_up_pb.ts';
import type { DispatchSession } from '#libs/partition/dispatch/dispatch-session.ts';
import type { HeldLease, WorkerRef } from '#libs/partition/dispatch/held-lease.ts';
import { namedSessionId } from '#libs/partition/dispatch/named-session-id.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { Partition } from '#libs/partition/serve/partition.ts';
import { fenceBase } from '#libs/partition/state/fence.ts';
import type { StateContext } from '../context.ts';
import { leaseProofFromProto } from '../wire/lease.ts';
import type { NamedItem, StreamItem, StreamItems } from './stream-items.ts';

/** An item that a worker may go on with. */
export interface AdoptedItem {
  readonly state: HeldState;
  /**
   * Whether the state is still the run's: from then on everything that comes is told to the worker, who does not see that
   * something before it is missing. Ask in the turn in which the state leaves; if not, adopt the item again.
   */
  isCurrent(): boolean;
}

/** A hold that is still the worker's. */
interface FoundHold {
  readonly hot: HotRun;
  readonly lease: HeldLease;
  readonly priority: number;
  readonly stepCount: number;
  readonly lastSequence: number;
}

/** Puts the items that a worker brings along into the table of its stream. Where they are is found out behind. */
export function noteHeld(items: StreamItems, tenantId: string, held: readonly HeldItem[]): readonly StreamItem[] {
  return held.flatMap(({ handle, lease }) => {
    if (lease === undefined) return [];
    const named: NamedItem = { key: { tenantId, runId: lease.runId }, proof: leaseProofFromProto(lease) };
    return [items.adopt(handle, named, DEFAULT_PRIORITY, undefined)];
  });
}

/** The priority of a run that is not known. */
const DEFAULT_PRIORITY = 3;

/**
 * Lets a worker go on with an item of a partition that is served here. Absent: it is not the worker's any more.
 * [journal.md 24]
 */
export async function maybeAdopt(
  { node }: StateContext,
  worker: WorkerRef,
  item: StreamItem,
): Promise<AdoptedItem | undefined> {
  const { key, proof } = item;
  const found = await ask(node.partitionOf(key), key, {
    intent: 'read',
    act: ({ hot }): FoundHold | undefined => {
      // What a poll of the session took is the session's too.
      const lease = hot?.holds.find(
        (held) => namedSessionId(held.worker.sessionId) === worker.sessionId && isSameHold(held.proof, proof),
      );
      if (hot === undefined || lease === undefined) return undefined;
      const { stepCount, lastSequence, priority } = hot.run;
      return { hot, lease, priority, stepCount, lastSequence };
    },
  });
  if (found === undefined) return undefined;
  node.dispatch.moveHold(found.lease, worker);
  found.lease.handle = item.handle;
  item.priority = found.priority;
  return {
    state: {
      $typeName: 'millrace.state.v1.HeldState',
      handle: item.handle,
      lost: false,
      ordinal: found.stepCount,
      lastSequence: BigInt(found.lastSequence),
    },
    isCurrent: () => found.hot.run.lastSequence === found.lastSequence,
  };
}

/** That an item is somebody else's, or ended. */
export function lostItem(handle: number): HeldState {
  return { $typeName: 'millrace.state.v1.HeldState', handle, lost: true, ordinal: 0, lastSequence: 0n };
}

function isSameHold(held: HeldLease['proof'], proof: HeldLease['proof']): boolean {
  return (
    held.fence === proof.fence && held.incarnation === proof.incarnation && held.itemSequence === proof.itemSequence
  );
}

/** What was taken for held and is not named returns at once, its attempt not counted. [journal.md 24] */
export function releaseUnnamed({ node, log }: StateContext, before: readonly HeldLease[]): void {
  for (const held of before) {
    // What was named has a handle on this stream.
    if (held.handle !== 0) continue;
    maybeServed(node, held)?.visit(held.key, {
      intent: 'releaseItem',
      act: (visit) => {
        visit.perform({ kind: 'releaseItem', lease: held.proof, retryAfterMs: undefined, reason: NOT_HELD });
      },
      fail: (error) => log.warn({ err: error }, 'an item that nobody holds was not returned'),
    });
  }
}

const NOT_HELD = 'the session does not hold it any more';

/**
 * The holds of a worker that a last owner of their partition gave it and that never came: they are not among the items of
 * its stream, which knows of all that the worker has, whoever gave it. [journal.md 24]
 */
export function untoldHolds(
  { node, store }: StateContext,
  session: DispatchSession,
  items: StreamItems,
): readonly HeldLease[] {
  const told = new Map<string, bigint[]>();
  for (const { key, proof } of items.values()) {
    const fences = told.get(key.runId);
    if (fences === undefined) told.set(key.runId, [proof.fence]);
    else fences.push(proof.fence);
  }
  return [...session.held].filter((held) => {
    const partition = maybeServed(node, held);
    if (held.handle !== 0 || partition === undefined) return false;
    const isOfLastOwner = held.proof.fence < fenceBase(store.meta.era, partition.line.epoch);
    return isOfLastOwner && told.get(held.key.runId)?.includes(held.proof.fence) !== true;
  });
}

/** The partition of a hold, while it is served here. */
function maybeServed(node: StateContext['node'], { key }: HeldLease): Partition | undefined {
  try {
    return node.partitionOf(key);
  } catch {
    return undefined;
  }
}
