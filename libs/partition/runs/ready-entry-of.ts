import type { ReadyItem } from '#libs/engine/effects/effect.ts';
import { isHeldBack } from '#libs/engine/model/client-tasks.ts';
import type { OpenNode } from '#libs/engine/model/open-node.ts';
import type { Run } from '#libs/engine/model/run.ts';
import { isTerminal } from '#libs/engine/model/status.ts';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import type { HotRun } from './hot-run.ts';

/** An item as the ready lists take it. */
export function readyEntryOf({ identity, workflow, version }: Run, item: ReadyItem): ReadyEntry {
  const { tenantId, runId, incarnation } = identity;
  const { nodePath, itemSequence, queue, tags, priority, scheduleTime, failedWorkerId } = item;
  return {
    tenantId,
    runId,
    incarnation,
    nodePath,
    itemSequence,
    workflow,
    version,
    queue,
    tags,
    priority,
    scheduleTime,
    failedWorkerId,
  };
}

/** An item of a run in memory, kept from the build that diverged. */
export function hotEntryOf({ run, avoidedBuild }: Pick<HotRun, 'run' | 'avoidedBuild'>, item: ReadyItem): ReadyEntry {
  const entry = readyEntryOf(run, item);
  return avoidedBuild === '' ? entry : { ...entry, avoidedBuild };
}

/** The nodes whose items may be offered at a time: open, with nobody, and not before their time. */
export function* offerableNodes(run: Run, now: number): Generator<OpenNode> {
  if (!run.started || isTerminal(run.status) || isHeldBack(run)) return;
  for (const node of run.nodes.values()) {
    const { item } = node;
    if (item !== undefined && item.lease === undefined && (item.notBeforeTime ?? 0) <= now) yield node;
  }
}

/** Whether an item, as its row says, may be offered by what the run in memory is now. */
export function mayOffer(
  { run }: Pick<HotRun, 'run'>,
  { incarnation, itemSequence }: Pick<ReadyEntry, 'incarnation' | 'itemSequence'>,
  now: number,
): boolean {
  if (run.identity.incarnation !== incarnation) return false;
  for (const { item } of offerableNodes(run, now)) if (item?.itemSequence === itemSequence) return true;
  return false;
}

/** The item of a node that may be offered. */
export function readyItemOf({ path, item, failedWorkerId }: OpenNode): ReadyItem | undefined {
  if (item === undefined) return undefined;
  const { itemSequence, attempt, queue, priority, tags, scheduleTime, notBeforeTime } = item;
  return { itemSequence, nodePath: path, attempt, queue, priority, tags, scheduleTime, notBeforeTime, failedWorkerId };
}
