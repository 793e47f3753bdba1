import type { PatchState, SaveSnapshot, SaveTaskResult } from '../commands/client-commands.ts';
import { maybeTaskId, taskPath } from '../model/client-path.ts';
import type { ClientState, TaskHint } from '../model/client-state.ts';
import { isSameFork, isSignalledAt, type Stand, standAfter, standOf } from '../model/client-tasks.ts';
import { emptyMap } from '../model/open-map.ts';
import type { Payload } from '../model/payload.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import { clientOf } from './client-holds.ts';
import { changeStatus, isLegalChange } from './client-status.ts';
import { offerAfterResult, offerTasks } from './client-tasks.ts';
import { type Decision, nothing, rejected } from './decision.ts';
import { appended, appendRecord, createDraft, type Draft } from './draft.ts';
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
  const { expectedVersion, fence, status, position, hints, tags, priority, atSequence, payload, result } = command;
  const leasedPath = fence === undefined ? undefined : pathHeldUnder(client, fence, command.taskId);
  if (fence !== undefined && leasedPath === undefined) return rejected('LEASE_LOST');
  if (expectedVersion !== undefined && expectedVersion !== head) {
    return rejected('VERSION_CONFLICT', { expected: String(expectedVersion), actual: String(head) });
  }
  if (fence === undefined && expectedVersion === undefined && isAnyTaskHeld(client)) {
    return rejected('LEASE_LOST', { field: 'expected_version' });
  }
  if (atSequence > run.lastSequence) {
    return rejected('INVALID_FIELDS', { field: 'at_sequence', maximum: String(run.lastSequence) });
  }
  // Who saves what was leased before a pause says RUNNING: it is kept, and the run stays PAUSED until it is resumed [32].
  const to = run.status === 'PAUSED' && status === 'RUNNING' ? run.status : status;
  if (to !== run.status && !isLegalChange(run.status, to)) {
    return rejected('ILLEGAL_STATUS', { from: run.status, to });
  }
  const draft = createDraft(run, now);
  const version = head + 1;
  const settledTask = result === undefined || leasedPath === undefined ? undefined : maybeTaskId(leasedPath);
  if (settledTask !== undefined) saveResult(run, draft, settledTask, result?.output);
  const stand = settledTask === undefined ? standOf(run, client) : standAfter(run, client, settledTask, draft.time);
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
    leasedPath: settledTask === undefined ? (leasedPath ?? '') : '',
  });
  if (isTerminal(to)) {
    appendRecord(draft, runEnded(to, command));
  } else if (to === run.status || !isTerminal(changeStatus(run, draft, to, ''))) {
    const isSame = isSameFork(client.position, position);
    const next: Stand = {
      ...(isSame ? stand : { done: emptyMap() }),
      position,
      hints: hintsByTask(hints),
      taskTags: tags,
      priority: priority ?? run.priority,
      isSignalled: isSignalledAt(run, position),
    };
    offerTasks(run, client, draft, next, settledTask);
  }
  return appended(draft, { kind: 'saved', version });
}

function pathHeldUnder({ held }: ClientState, fence: bigint, taskId: string): string | undefined {
  for (const { path, item } of held.values()) {
    if (item?.lease?.fence === fence && (taskId === '' || path === taskPath(taskId))) return path;
  }
  return undefined;
}

function isAnyTaskHeld({ held }: ClientState): boolean {
  for (const path of held.keys()) if (maybeTaskId(path) !== undefined) return true;
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
  saveResult(run, draft, taskId, output);
  offerAfterResult(run, client, draft, taskId, true);
  return appended(draft, { kind: 'result', overwritten });
}

/** A result of who holds the task ends the lease; one of a task that nobody holds is only kept. */
function saveResult(run: Run, draft: Draft, taskId: string, output: Payload | undefined): void {
  const nodePath = taskPath(taskId);
  const item = run.nodes.get(nodePath)?.item;
  if (item?.lease === undefined) {
    appendRecord(draft, { kind: 'taskResultSaved', taskId, output });
  } else {
    const { attempt, lease } = item;
    appendRecord(draft, { kind: 'taskCompleted', nodePath, output, attempt, workerId: lease.workerId });
  }
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
