import type { ClaimWorkItemRequest } from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { WorkItem } from '#gen/millrace/state/v1/work_item_pb.ts';
import { NOTHING_ANNOUNCED } from '#libs/partition/dispatch/dispatch-session.ts';
import type { HeldLease } from '#libs/partition/dispatch/held-lease.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { StateContext } from '../context.ts';
import { giveBack } from '../unary-work/give-back.ts';
import { isHeld } from '../unary-work/leased-run.ts';
import { pollOnce } from '../unary-work/poll.ts';
import type { PollSessions } from '../unary-work/poll-sessions.ts';
import { claimExpiry, claimShape, maybeClaimOrder } from './claim-shape.ts';
import { maybeWorkItem, wholeWorkItem } from './work-item.ts';

/** An item that was claimed, until somebody is told of it. */
export interface ClaimedItem {
  readonly item: WorkItem;
  /** Nobody is told of it: it is offered again, its attempt not counted. */
  giveBack(): void;
}

/** How a claim waits for what this node has. */
export interface ClaimWait {
  readonly tenantId: string;
  /** 0: only what is there. */
  readonly waitMs: number;
  /** The caller is gone: what came for it goes back. */
  readonly signal: AbortSignal;
  /** It need not wait any more: what has come is the answer. */
  readonly goAway: AbortSignal;
}

/**
 * Claims an item of the partitions that this node serves.
 *
 * @throws the signal's reason, INVALID_FIELDS, OVERLOADED for too many claims of one session at a time.
 */
export async function maybeClaimHere(
  context: StateContext,
  sessions: PollSessions,
  request: ClaimWorkItemRequest,
  { tenantId, waitMs, signal, goAway }: ClaimWait,
): Promise<ClaimedItem | undefined> {
  const { workerId, sessionId } = request;
  const order = maybeClaimOrder(request);
  const [polled] = await pollOnce(context, sessions, {
    tenantId,
    workerId,
    sessionId,
    shape: claimShape(tenantId, request),
    announced: NOTHING_ANNOUNCED,
    maxItems: 1,
    waitMs,
    expiry: claimExpiry(request),
    ...(order === undefined ? {} : { order }),
    signal,
    goAway,
  });
  if (polled === undefined) return undefined;
  const { held } = polled;
  const back = (): void => giveBack(context, held);
  try {
    const item = await maybeItemOf(context, held);
    signal.throwIfAborted();
    return item === undefined ? undefined : { item, giveBack: back };
  } catch (error) {
    back();
    throw error;
  }
}

/** The item of a lease, as long as that holds. */
async function maybeItemOf({ node, store }: StateContext, { key, proof }: HeldLease): Promise<WorkItem | undefined> {
  const seen = await ask(node.partitionOf(key), key, {
    intent: 'read',
    act: ({ hot, now }) =>
      hot?.identity.incarnation === proof.incarnation && isHeld(hot.run, proof, now)
        ? maybeWorkItem(hot, proof.nodePath)
        : undefined,
  });
  return seen === undefined ? undefined : await wholeWorkItem(store.tables, seen);
}
