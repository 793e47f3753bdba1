import { TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import type { WaitReason } from '#libs/engine/views/waits-for.ts';
import type { StateContext } from '../context.ts';
import { clientNodeReasons } from './client-node-reasons.ts';
import { connectedWorkers } from './connected-workers.ts';
import { eventsAt } from './events-at.ts';
import type { ExplainScope } from './explain-scope.ts';
import { MAX_BLOCKERS } from './explanation.ts';
import { heldBackReason } from './held-back-reason.ts';
import { leaseReason } from './lease-reason.ts';
import { maybeNoWorkerReason } from './no-worker-reason.ts';
import type { Reason } from './reason.ts';
import { clientReasons, endReason, pauseReason, tenantReason } from './run-reasons.ts';
import type { RunSight, SeenItem } from './run-sight.ts';
import { severityOf, waitReason } from './wait-reason.ts';

/** The reasons why a run does not move. */
export interface FoundReasons {
  /** In no order; of each kind as many as are ever told. */
  readonly reasons: readonly Reason[];
  /** How many there are besides. */
  readonly left: number;
}

/** Finds every reason why a run does not move. None: it moves. */
export async function findReasons(context: StateContext, sight: RunSight): Promise<FoundReasons> {
  const { hot, ended, pause, items } = sight;
  if (ended !== undefined) return { reasons: [endReason(ended)], left: 0 };
  const nowMs = context.nowMs();
  const waits = sight.waits.toSorted((a, b) => severityOf(b) - severityOf(a)).slice(0, MAX_BLOCKERS);
  const [leased, idle] = partition(items, ({ item }) => item.lease !== undefined);
  const [heldBack, ready] = partition(idle, ({ item }) => (item.notBeforeTime ?? 0) > nowMs);
  // What is ready is not offered while the run is held, and then the pause is what holds it.
  const waiting = pause === undefined ? ready : [];
  const seen = [leased, heldBack, waiting].flatMap((some) => some.slice(0, MAX_BLOCKERS));
  const scope: ExplainScope = {
    context,
    sight,
    nowMs,
    workers: connectedWorkers(context.node.dispatch, hot.identity.tenantId),
    failures: await eventsAt(context.store.tables, hot, failureSequencesOf(waits, heldBack.slice(0, MAX_BLOCKERS))),
    ahead: new Map(),
  };
  const reasons: Reason[] = [...clientReasons(sight), ...waits.map((wait) => waitReason(scope, wait))];
  if (pause !== undefined) reasons.push(pauseReason(pause));
  const { status } = context.access.tenants.peek(hot.identity.tenantId);
  if (status !== TenantStatus.ACTIVE) reasons.push(tenantReason(status));
  for (const item of seen) {
    const reason = await maybeItemReason(scope, item);
    if (reason !== undefined) reasons.push(reason);
  }
  const { clientNodes } = sight;
  if (clientNodes !== undefined) {
    const isHeldBack = pause !== undefined || sight.pendingControls.length > 0;
    reasons.push(...(await clientNodeReasons(scope, clientNodes, isHeldBack)));
  }
  const looked = waits.length + seen.length;
  const found = sight.waits.length + leased.length + heldBack.length + waiting.length;
  return { reasons, left: found - looked + (clientNodes?.left ?? 0) };
}

async function maybeItemReason(scope: ExplainScope, seen: SeenItem): Promise<Reason | undefined> {
  const { lease, notBeforeTime = 0 } = seen.item;
  if (lease !== undefined) return leaseReason(scope, seen, lease);
  return notBeforeTime > scope.nowMs
    ? heldBackReason(scope, seen, notBeforeTime)
    : await maybeNoWorkerReason(scope, seen);
}

function failureSequencesOf(waits: readonly WaitReason[], heldBack: readonly SeenItem[]): readonly number[] {
  return [
    ...waits.map((wait) => (wait.kind === 'retry' ? wait.failureSequence : 0)),
    ...heldBack.map(({ failureSequence }) => failureSequence),
  ].filter((sequence) => sequence > 0);
}

function partition<T>(
  values: readonly T[],
  test: (value: T) => boolean,
): readonly [yes: readonly T[], no: readonly T[]] {
  const { yes = [], no = [] } = Object.groupBy(values, (value) => (test(value) ? 'yes' : 'no'));
  return [yes, no];
}
