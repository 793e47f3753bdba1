import type { CompleteItem, FailItem, ReleaseItem, YieldSlot } from '../commands/item-commands.ts';
import type { AnnounceBuild } from '../commands/world-commands.ts';
import type { Failure } from '../model/failure.ts';
import { engineFailure } from '../model/failure.ts';
import { reasonOfWorker } from '../model/forced-release.ts';
import { attemptOf, type HeldNode } from '../model/open-node.ts';
import { ROOT, type Run } from '../model/run.ts';
import { expiryBackoffMs, retryDelayMs } from '../retry/retry-policy.ts';
import { giveBack } from './client-holds.ts';
import { type Decision, DONE, nothing } from './decision.ts';
import { ack, append, appended, createDraft, type Draft } from './draft.ts';
import { endCancelled, endRun } from './end.ts';
import { heldNode, refuseProof } from './lease-check.ts';
import { scheduleFunction } from './schedule.ts';
import { stepsMissing } from './step-count.ts';

/** A function returned: the run completes, or its clean-up is over and it is CANCELLED, whatever it returned [31]. */
export function decideComplete(run: Run, command: CompleteItem, now: number): Decision {
  const node = heldNode(run, command.lease);
  if (node === undefined) return refuseProof(run, command.lease, 'completed');
  if (command.stepCount !== run.stepCount) return stepsMissing(run, command.stepCount);
  const draft = createDraft(run, now);
  append(draft, {
    kind: 'taskCompleted',
    nodePath: node.path,
    // The output of a function is the run's: it is in the run's last event, once.
    output: undefined,
    attempt: node.item.attempt,
    workerId: node.item.lease.workerId,
  });
  if (run.cancelling) endCancelled(run, draft);
  else endRun(draft, 'COMPLETED', { output: command.output });
  return settled(run, draft);
}

/**
 * A function threw: it is tried again as the definition's retry policy says, or the run fails. Without a policy an error
 * is final, because a function replays its records and would come to the same end. One that diverged waits for another
 * build, and no attempt counts. Clean-up that throws is over: throwing on is how most of it ends.
 */
export function decideFail(run: Run, command: FailItem, now: number): Decision {
  const node = heldNode(run, command.lease);
  if (node === undefined) return refuseProof(run, command.lease, 'failed');
  const draft = createDraft(run, now);
  if (command.divergence !== undefined) {
    append(draft, { kind: 'runDiverged', divergence: command.divergence });
    return settled(run, draft);
  }
  if (command.stepCount !== run.stepCount) return stepsMissing(run, command.stepCount);
  const delayMs = run.cancelling ? undefined : functionRetryDelayMs(run, node, command);
  if (delayMs === undefined) {
    fail(draft, node, command.failure, undefined);
    if (run.cancelling) endCancelled(run, draft);
    else endRun(draft, 'FAILED', { failure: command.failure });
  } else {
    const retryTime = now + Math.max(delayMs, command.retryAfterMs ?? 0);
    fail(draft, node, command.failure, retryTime);
    scheduleFunction(run, draft, attemptOf(node) + 1, retryTime);
  }
  return settled(run, draft);
}

function functionRetryDelayMs(run: Run, node: HeldNode, command: FailItem): number | undefined {
  if (run.rules.retry === undefined) return undefined;
  return retryDelayMs(run.rules.retry, node.failures + 1, command.failure, command.random);
}

function fail(draft: Draft, node: HeldNode, failure: Failure, retryTime: number | undefined): void {
  const { attempt, lease } = node.item;
  append(draft, { kind: 'taskFailed', nodePath: node.path, failure, attempt, retryTime, workerId: lease.workerId });
}

/** A worker gives an item back: it is offered again as the same attempt. */
export function decideRelease(run: Run, command: ReleaseItem, now: number): Decision {
  const node = heldNode(run, command.lease);
  if (node === undefined) return refuseProof(run, command.lease, 'released');
  const draft = createDraft(run, now);
  if (run.client !== undefined) {
    giveBack(
      run,
      draft,
      node,
      reasonOfWorker(command.reason),
      command.retryAfterMs === undefined ? undefined : now + command.retryAfterMs,
    );
    return settled(run, draft);
  }
  release(draft, node, command.reason);
  const notBeforeTime = command.retryAfterMs === undefined ? undefined : now + command.retryAfterMs;
  scheduleFunction(run, draft, attemptOf(node), notBeforeTime);
  return settled(run, draft);
}

/**
 * A function parks. What came while the frame was under way would be lost on it, so then it is offered again at once:
 * news after the last event that the worker is known to have heard of, or a step retry that is due. A function that waits
 * for nothing would never be heard of again: that counts as an attempt and is tried again after a back-off.
 */
export function decideYield(run: Run, command: YieldSlot, now: number): Decision {
  const node = heldNode(run, command.lease);
  if (node === undefined) return refuseProof(run, command.lease, 'released');
  const draft = createDraft(run, now);
  if (!waitsForSomething(run) && run.newsSequence <= heardOf(node, command)) {
    const retryTime = now + expiryBackoffMs(node.expiries + 1);
    const failure = engineFailure('NOTHING_TO_WAIT_FOR', 'the function gave its slot back but waits for nothing');
    append(draft, {
      kind: 'taskFailed',
      nodePath: node.path,
      failure,
      attempt: node.item.attempt,
      retryTime,
      workerId: '',
    });
    scheduleFunction(run, draft, attemptOf(node) + 1, retryTime);
    return settled(run, draft);
  }
  release(draft, node, YIELD_REASON);
  if (run.newsSequence > heardOf(node, command) || hasDueRetry(run, now)) {
    scheduleFunction(run, draft, attemptOf(node), undefined);
  }
  return settled(run, draft);
}

/** The reason by which the log tells a yield from another release. */
const YIELD_REASON: string = 'parked';

function heardOf(node: HeldNode, command: YieldSlot): number {
  return Math.max(node.item.leasedSequence, command.knownSequence);
}

function waitsForSomething(run: Run): boolean {
  if (run.waits.size > 0) return true;
  for (const child of run.children.values()) if (child.awaited !== 'nothing') return true;
  for (const step of run.openSteps.values()) if (step.dueTime < Infinity) return true;
  return false;
}

function hasDueRetry(run: Run, now: number): boolean {
  for (const step of run.openSteps.values()) if (step.state === 'retrying' && step.dueTime <= now) return true;
  return false;
}

function release(draft: Draft, node: HeldNode, reason: string): void {
  append(draft, { kind: 'taskReleased', nodePath: node.path, itemSequence: node.item.itemSequence, reason });
}

function settled(run: Run, draft: Draft): Decision {
  return appended(draft, ack(run.stepCount, draft.sequence, true));
}

/** A worker announced a build of the run's version: another one than the one that diverged is given a try. */
export function decideAnnounceBuild(run: Run, command: AnnounceBuild, now: number): Decision {
  if (run.divergence === undefined || run.divergence.build === command.build) return nothing(DONE);
  const draft = createDraft(run, now);
  const node = run.nodes.get(ROOT);
  if (node !== undefined) scheduleFunction(run, draft, attemptOf(node), undefined);
  return appended(draft, DONE);
}
