import type { SystemRecord } from '../events/client-events.ts';
import { settledPaths } from '../model/client-nodes.ts';
import type { ClientState } from '../model/client-state.ts';
import { LogError } from '../model/log-error.ts';
import { dropEntry, emptyMap } from '../model/open-map.ts';
import { payloadSize } from '../model/payload.ts';
import type { Run } from '../model/run.ts';
import {
  evolveDeadLetterPurged,
  evolveItemDied,
  evolveItemEnqueued,
  evolveTaskRequeued,
  evolveTaskWithdrawn,
  evolveWorkCompleted,
  evolveWorkLeased,
  evolveWorkOffered,
  evolveWorkReleased,
  rememberSettled,
} from './client-items.ts';
import {
  evolvePositionSet,
  evolveSnapshotSaved,
  evolveStatePatched,
  evolveTaskResult,
  noteSignal,
} from './client-snapshots.ts';
import {
  evolveAttributesSet,
  evolveControlCleared,
  evolveControlRequested,
  evolveRunEnded,
  evolveRunStarted,
} from './run.ts';
import { evolveSignalConsumed, evolveSignalReceived } from './signals.ts';
import { evolveTaskFailed } from './tasks.ts';

/** Folds what the server did to a CLIENT run. */
export function evolveSystemRecord(run: Run, record: SystemRecord, time: number): void {
  const { client } = run;
  if (client === undefined) throw new LogError('INCONSISTENT', 'a SERVER run has no system records');
  client.records += 1;
  const place = run.lastSequence + client.records;
  foldRecord(run, client, record, place, time);
}

function foldRecord(run: Run, client: ClientState, record: SystemRecord, place: number, eventTime: number): void {
  const stamp = { sequence: place, eventTime };
  switch (record.kind) {
    case 'runStarted':
      return evolveRunStarted(run, record, eventTime);
    case 'controlRequested':
      return evolveControlRequested(run, record);
    case 'controlCleared':
      return evolveControlCleared(run, record);
    case 'statusChanged':
      return changeStatus(run, record, eventTime);
    case 'signalReceived':
      noteSignal(client, record.signal.name);
      return evolveSignalReceived(run, record.signal, place, payloadSize(record.signal.payload));
    case 'signalConsumed':
      return evolveSignalConsumed(run, record, place);
    case 'runEnded':
      evolveRunEnded(run, record, eventTime);
      client.settled = settledPaths(run.nodes, client.dead);
      client.held = emptyMap();
      return undefined;
    case 'attributesSet':
      return evolveAttributesSet(run, record);
    case 'snapshotSaved':
      return evolveSnapshotSaved(run, client, record, place);
    case 'positionSet':
      return evolvePositionSet(run, client, record);
    case 'taskResultSaved':
      return evolveTaskResult(run, client, record, stamp);
    case 'statePatched':
      return evolveStatePatched(client, record, place);
    case 'taskScheduled':
      return evolveWorkOffered(run, client, record, stamp);
    case 'itemEnqueued':
      return evolveItemEnqueued(run, client, record, stamp);
    case 'taskLeased':
      return evolveWorkLeased(run, client, record, stamp);
    case 'taskReleased':
      return evolveWorkReleased(run, client, record, stamp);
    case 'taskCompleted':
      return evolveWorkCompleted(run, client, record, stamp);
    case 'taskFailed':
      dropEntry(client.held, record.nodePath);
      evolveTaskFailed(run, { ...record, ...stamp });
      rememberSettled(run, client, record.nodePath);
      return undefined;
    case 'taskWithdrawn':
      return evolveTaskWithdrawn(run, client, record.nodePath);
    case 'itemDied':
      return evolveItemDied(run, client, record, stamp);
    case 'taskRequeued':
      return evolveTaskRequeued(run, client, record.nodePath);
    case 'deadLetterPurged':
      return evolveDeadLetterPurged(run, client, record.nodePath);
  }
}

function changeStatus(run: Run, record: Extract<SystemRecord, { kind: 'statusChanged' }>, time: number): void {
  run.status = record.toStatus;
  if (record.toStatus === 'PAUSED') {
    run.pause = { requestedBy: run.pendingPause?.requestedBy ?? '', reason: record.reason, sinceTime: time };
  }
  if (record.toStatus === 'RUNNING') {
    run.startTime ??= time;
    if (run.pause !== undefined) run.resumeTime = time;
    run.pause = undefined;
  }
}
