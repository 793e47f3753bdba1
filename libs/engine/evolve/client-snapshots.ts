import type { PositionSet, SnapshotSaved, StatePatched, TaskResultSaved } from '../events/client-events.ts';
import type { Stamp } from '../events/event.ts';
import { taskPath } from '../model/client-path.ts';
import { type ClientState, MAX_SNAPSHOTS } from '../model/client-state.ts';
import { isSameFork, isSignalledAt } from '../model/client-tasks.ts';
import { dropEntry, dropMember, emptyMap, withEntry } from '../model/open-map.ts';
import type { Run } from '../model/run.ts';

/** Folds a snapshot: the run stands where it says, and the attempts of who saved it under a lease count from here. */
export function evolveSnapshotSaved(run: Run, client: ClientState, record: SnapshotSaved, place: number): void {
  client.snapshots = [...client.snapshots.slice(1 - MAX_SNAPSHOTS), { version: record.version, place }];
  if (!isSameFork(client.position, record.position)) client.done = emptyMap();
  standAt(run, client, record);
  client.taskTags = record.tags;
  if (record.priority !== undefined) run.priority = record.priority;
  const node = record.leasedPath === '' ? undefined : run.nodes.get(record.leasedPath);
  if (node === undefined) return;
  node.failures = 0;
  node.expiries = 0;
}

/** Folds the place at which the run begins. */
export function evolvePositionSet(run: Run, client: ClientState, record: PositionSet): void {
  standAt(run, client, record);
}

function standAt(run: Run, client: ClientState, { position, hints }: SnapshotSaved | PositionSet): void {
  client.position = position;
  client.isSignalled = isSignalledAt(run, position);
  client.hints = hints.length === 0 ? emptyMap() : new Map(hints.map((hint) => [hint.taskId, hint]));
}

/** Folds what the arrival of a signal is to where the run stands: what comes after it stays to be done. */
export function noteSignal(client: ClientState, name: string): void {
  if (client.position?.kind === 'signal' && client.position.name === name) client.isSignalled = true;
}

/** Folds a result that nobody held the task of: it is not offered any more. */
export function evolveTaskResult(run: Run, client: ClientState, { taskId }: TaskResultSaved, stamp: Stamp): void {
  const path = taskPath(taskId);
  noteResult(client, taskId, stamp);
  dropEntry(run.nodes, path);
  dropMember(client.settled, path);
}

/** Notes where the result of a task is, which is done where the run stands. */
export function noteResult(client: ClientState, taskId: string, { sequence, eventTime }: Stamp): void {
  client.results = withEntry(client.results, taskId, sequence);
  // Behind all others, also when it was among them.
  dropEntry(client.done, taskId);
  client.done = withEntry(client.done, taskId, eventTime);
}

/** Folds a change of the state document: where it is, not what it says. */
export function evolveStatePatched(client: ClientState, { change, stateVersion }: StatePatched, place: number): void {
  client.stateVersion = stateVersion;
  client.statePlaces = change === 'replace' ? [place] : [...client.statePlaces, place];
}
