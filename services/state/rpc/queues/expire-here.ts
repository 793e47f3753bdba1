import type { WorkItem } from '#gen/millrace/state/v1/work_item_pb.ts';
import { WorkItemState } from '#gen/millrace/state/v1/work_item_pb.ts';
import { maybeItemId, plainQueue } from '#libs/engine/model/client-path.ts';
import type { OpenItem } from '#libs/engine/model/open-node.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { HEARTBEAT_LEASE_MS } from '#libs/partition/runs/next-time.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { plainTenant } from '#libs/store/tables/free-tenant.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { untilShown } from './until-shown.ts';
import { maybeWorkItem, wholeWorkItem } from './work-item.ts';

/** Which leases are looked at. */
export interface ExpiryTerms {
  readonly tenantId: string;
  /** Empty: of all queues. */
  readonly queues: ReadonlySet<string>;
  /** How many leases at most. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** What became of the items whose leases had expired. */
export interface ExpiredItems {
  readonly retryable: readonly WorkItem[];
  readonly exhausted: readonly WorkItem[];
  /** Others have expired too. */
  readonly more: boolean;
}

/**
 * Runs the one path of expiry now for the leases of items that this node knows of and that are over [64, 65]. It is the
 * path that the clock of each partition takes too: what that has come to first is not here any more.
 */
export async function expireHere(context: StateContext, terms: ExpiryTerms): Promise<ExpiredItems> {
  const retryable: WorkItem[] = [];
  const exhausted: WorkItem[] = [];
  for (const key of leasedRuns(context, terms.tenantId)) {
    terms.signal.throwIfAborted();
    const left = terms.limit - retryable.length - exhausted.length;
    const seen = await expireIn(context, key, terms, left);
    if (seen === 'full') return { retryable, exhausted, more: true };
    for (const one of seen) {
      const item = await wholeWorkItem(context.store.tables, one);
      if (item.state === WorkItemState.DEAD) exhausted.push(item);
      else retryable.push(item);
    }
    if (seen.some(({ message }) => message.state === WorkItemState.DEAD)) await untilShown(context, key, terms.signal);
  }
  return { retryable, exhausted, more: false };
}

/** The runs of a tenant of which workers hold something, hidden ones included. */
function leasedRuns({ node }: StateContext, tenantId: string): readonly RunKey[] {
  const runs = new Map<string, RunKey>();
  for (const session of node.dispatch.sessions()) {
    if (session.tenantId !== tenantId) continue;
    for (const { key, proof } of session.held) {
      if (maybeItemId(proof.nodePath) === undefined || plainTenant(key.tenantId) !== tenantId) continue;
      runs.set(`${key.tenantId}\n${key.runId}`, key);
    }
  }
  return [...runs.values()];
}

type Seen = NonNullable<ReturnType<typeof maybeWorkItem>>;

async function expireIn(
  context: StateContext,
  key: RunKey,
  { queues }: ExpiryTerms,
  left: number,
): Promise<readonly Seen[] | 'full'> {
  return await ask(context.node.partitionOf(key), key, {
    intent: 'wake',
    act: (visit) => {
      const { hot } = visit;
      if (hot === undefined) return [];
      const due = dueItems(context, visit, hot, queues);
      if (due.length === 0) return [];
      // All of a run go in one commit, so that the last run may bring more than were asked for, but never none.
      if (left <= 0) return 'full';
      visit.perform({ kind: 'wake' });
      for (const { path, item } of due) expireSilent(visit, hot, path, item);
      return due.map(({ path }) => maybeWorkItem(hot, path)).filter((one) => one !== undefined);
    },
  });
}

interface DueItem {
  readonly path: string;
  readonly item: OpenItem;
}

function dueItems(
  { node }: StateContext,
  { now }: RunVisit,
  { run, identity }: HotRun,
  queues: ReadonlySet<string>,
): readonly DueItem[] {
  const due: DueItem[] = [];
  for (const { path, item } of run.nodes.values()) {
    const lease = item?.lease;
    if (item === undefined || lease === undefined || lease.noExpiry || maybeItemId(path) === undefined) continue;
    if (queues.size > 0 && !queues.has(plainQueue(item.queue))) continue;
    const silentMs = node.clock.monotonic() - node.dispatch.heardMs(lease, identity.tenantId);
    const isOver = lease.expireTime === undefined ? silentMs >= HEARTBEAT_LEASE_MS : lease.expireTime <= now;
    if (isOver) due.push({ path, item });
  }
  return due;
}

/** Ends a hold by heartbeats; those by time have ended with the visit. */
function expireSilent(
  visit: RunVisit,
  { identity }: HotRun,
  nodePath: string,
  { itemSequence, lease }: OpenItem,
): void {
  if (lease === undefined || lease.expireTime !== undefined) return;
  const { fence } = lease;
  visit.perform({
    kind: 'expireLease',
    lease: { incarnation: identity.incarnation, nodePath, itemSequence, fence },
  });
}
