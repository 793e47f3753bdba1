import type { Divergence } from '../events/run-events.ts';
import type { OpenNode } from '../model/open-node.ts';
import { ROOT, type Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import type { StepId } from '../model/step-id.ts';

interface ReasonBase {
  /** The node that waits. */
  readonly nodePath: string;
  /** The step that waits. Absent: the node itself. */
  readonly step: StepId | undefined;
  readonly sinceTime: number;
}

/** One thing that a run waits for. The edge turns it into the wire's `Wait`, and a failure's number into the failure. */
export type WaitReason = ReasonBase &
  (
    | {
        readonly kind: 'worker';
        readonly itemSequence: number;
        readonly queue: string;
        /** Who has the item. Empty: nobody yet. */
        readonly workerId: string;
      }
    | { readonly kind: 'timer'; readonly dueTime: number }
    | { readonly kind: 'signal'; readonly name: string; readonly untilTime: number | undefined }
    | { readonly kind: 'child'; readonly runId: string; readonly incarnation: string }
    | {
        readonly kind: 'retry';
        readonly dueTime: number;
        readonly attempt: number;
        /** The event that holds the last failure. */
        readonly failureSequence: number;
      }
    | { readonly kind: 'divergence'; readonly divergence: Divergence }
  );

/**
 * Everything that holds an open SERVER run, derived from its fold; none for one that has ended and for CLIENT runs. That
 * a run is paused or quarantined is no wait and is said beside them.
 */
export function waitsFor(run: Run): readonly WaitReason[] {
  if (isTerminal(run.status) || run.client !== undefined) return [];
  const reasons: WaitReason[] = [];
  for (const node of run.nodes.values()) addNodeReason(node, reasons);
  if (run.divergence !== undefined) {
    const { divergence, divergedTime } = run;
    reasons.push({ kind: 'divergence', nodePath: ROOT, step: undefined, sinceTime: divergedTime, divergence });
  }
  for (const wait of run.waits.values()) {
    const { nodePath, step, sinceTime } = wait;
    if (wait.kind === 'timer') reasons.push({ kind: 'timer', nodePath, step, sinceTime, dueTime: wait.dueTime });
    else reasons.push({ kind: 'signal', nodePath, step, sinceTime, name: wait.name, untilTime: wait.untilTime });
  }
  for (const { awaited, nodePath, step, sinceTime, runId, incarnation } of run.children.values()) {
    if (awaited !== 'nothing') reasons.push({ kind: 'child', nodePath, step, sinceTime, runId, incarnation });
  }
  for (const { state, step, sinceTime, dueTime, attempt, sequence } of run.openSteps.values()) {
    if (state !== 'retrying') continue;
    reasons.push({ kind: 'retry', nodePath: ROOT, step, sinceTime, dueTime, attempt, failureSequence: sequence });
  }
  return reasons;
}

function addNodeReason(node: OpenNode, reasons: WaitReason[]): void {
  const item = node.item;
  if (item === undefined) return;
  const base = { nodePath: node.path, step: undefined };
  if (item.lease === undefined && item.notBeforeTime !== undefined && item.attempt > 1) {
    const { notBeforeTime: dueTime, attempt, scheduleTime: sinceTime } = item;
    const failureSequence = node.failureSequence;
    reasons.push({ kind: 'retry', ...base, sinceTime, dueTime, attempt, failureSequence });
    return;
  }
  const workerId = item.lease?.workerId ?? '';
  const sinceTime = item.lease?.leaseTime ?? item.scheduleTime;
  reasons.push({ kind: 'worker', ...base, sinceTime, itemSequence: item.itemSequence, queue: item.queue, workerId });
}
