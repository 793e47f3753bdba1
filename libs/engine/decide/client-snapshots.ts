import type { PatchState, SaveSnapshot, SaveTaskResult } from '../commands/client-commands.ts';
import { maybeTaskId, taskPath } from '../model/client-path.ts';
import type { TaskHint } from '../model/client-state.ts';
import { isSameFork, standOf } from '../model/client-tasks.ts';
import { emptySet } from '../model/open-map.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import { clientOf } from './client-holds.ts';
import { isLegalChange } from './client-runs.ts';
import { offerTasks } from './client-tasks.ts';
import { type Decision, nothing, rejected } from './decision.ts';
import { appended, appendRecord, createDraft } from './draft.ts';
import { runEnded } from './end.ts';

/** Hints by task. */
export function hintsByTask(hints: readonly TaskHint[]): ReadonlyMap<string, TaskHint> {
  return new Map(hints.map((hint) => [hint.taskId, hint]));
}

/**
 * Saves a snapshot: it is the head, the run stands where it says, and its tasks are offered in the same commit. One that
 * comes late changes nothing [3]; under a lease the caller shows the fence, or the version that it knows [14].
 */
export function decideSaveSnapshot(run: Run, command: SaveSnapshot, now: number): Decision {
  if (isTerminal(run.status)) return rejected('RUN_TERMINAL', { state: run.status });
  const client = clientOf(run);
  const head = client.snapshots.at(-1)?.version ?? 0;
  const { expectedVersion, fence, status, position, hints, tags, priority, atSequence, payload } = command;
  const leasedPath = fence === undefined ? undefined : pathHeldUnder(run, fence, command.taskId);
  if (fence !== undefined && leasedPath === undefined) return rejected('LEASE_LOST');
  if (expectedVersion !== undefined && expectedVersion !== head) {
    return rejected('VERSION_CONFLICT', { expected: String(expectedVersion), actual: String(head) });
  }
  if (fence === undefined && expectedVersion === undefined && isAnyTaskHeld(run)) {
    return rejected('LEASE_LOST', { field: 'expected_version' });
  }
  if (atSequence > run.lastSequence) {
    return rejected('INVALID_FIELDS', { field: 'at_sequence', maximum: String(run.lastSequence) });
  }
  if (status !== run.status && !isLegalChange(run.status, status)) {
    return rejected('ILLEGAL_STATUS', { from: run.status, to: status });
  }
  const draft = createDraft(run, now);
  const version = head + 1;
  appendRecord(draft, {
    kind: 'snapshotSaved',
    version,
    payload,
    status,
    position,
    priority,
    tags,
    hints,
    atSequence,
    leasedPath: leasedPath ?? '',
  });
  if (isTerminal(status)) {
    appendRecord(draft, runEnded(status, command));
  } else {
    if (status !== run.status) {
      appendRecord(draft, { kind: 'statusChanged', fromStatus: run.status, toStatus: status, reason: '' });
    }
    offerTasks(run, client, draft, {
      ...standOf(run, client),
      position,
      hints: hintsByTask(hints),
      taskTags: tags,
      done: isSameFork(client.position, position) ? client.done : emptySet(),
      priority: priority ?? run.priority,
    });
  }
  return appended(draft, { kind: 'saved', version });
}

function pathHeldUnder(run: Run, fence: bigint, taskId: string): string | undefined {
  for (const { path, item } of run.nodes.values()) {
    if (item?.lease?.fence === fence && (taskId === '' || path === taskPath(taskId))) return path;
  }
  return undefined;
}

function isAnyTaskHeld(run: Run): boolean {
  for (const { path, item } of run.nodes.values()) {
    if (item?.lease !== undefined && maybeTaskId(path) !== undefined) return true;
  }
  return false;
}

/** Saves the result of a task and touches nothing else [5]. */
export function decideSaveTaskResult(run: Run, command: SaveTaskResult, now: number): Decision {
  const client = clientOf(run);
  const { taskId, output, fence } = command;
  const nodePath = taskPath(taskId);
  const node = run.nodes.get(nodePath);
  const overwritten = client.results.has(taskId);
  if (fence !== undefined && node?.settled?.fence === fence && node.settled.kind === 'completed') {
    return nothing({ kind: 'result', overwritten: true });
  }
  if (isTerminal(run.status)) return rejected('RUN_TERMINAL', { state: run.status });
  if (node?.item?.lease?.fence !== fence) return rejected('LEASE_LOST');
  const draft = createDraft(run, now);
  const lease = node?.item?.lease;
  if (lease === undefined) {
    appendRecord(draft, { kind: 'taskResultSaved', taskId, output });
  } else {
    const attempt = node?.item?.attempt ?? 1;
    appendRecord(draft, { kind: 'taskCompleted', nodePath, output, attempt, workerId: lease.workerId });
  }
  return appended(draft, { kind: 'result', overwritten });
}

/** Changes the state document [59]. */
export function decidePatchState(run: Run, command: PatchState, now: number): Decision {
  if (isTerminal(run.status)) return rejected('RUN_TERMINAL', { state: run.status });
  const before = clientOf(run).stateVersion;
  const { change, key, value, expectedVersion } = command;
  if (expectedVersion !== undefined && expectedVersion !== before) {
    return rejected('VERSION_CONFLICT', { expected: String(expectedVersion), actual: String(before) });
  }
  const stateVersion = before + 1;
  const draft = createDraft(run, now);
  appendRecord(draft, { kind: 'statePatched', change, key, value, stateVersion });
  return appended(draft, { kind: 'patched', stateVersion });
}
