import type { SystemRecord } from '../events/client-events.ts';
import type { ClientState } from '../model/client-state.ts';
import { LogError } from '../model/log-error.ts';
import { payloadSize } from '../model/payload.ts';
import type { Run } from '../model/run.ts';
import { computeWakeTime } from '../model/wake-time.ts';
import {
  evolveDeadLetterPurged,
  evolveItemDied,
  evolveItemEnqueued,
  evolveTaskRequeued,
  evolveTaskWithdrawn,
  rememberSettled,
} from './client-items.ts';
import { evolvePositionSet, evolveSnapshotSaved, evolveStatePatched, evolveTaskResult } from './client-snapshots.ts';
import {
  evolveAttributesSet,
  evolveControlCleared,
  evolveControlRequested,
  evolveRunEnded,
  evolveRunStarted,
} from './run.ts';
import { evolveSignalConsumed, evolveSignalReceived } from './signals.ts';
import {
  evolveTaskCompleted,
  evolveTaskFailed,
  evolveTaskLeased,
  evolveTaskReleased,
  evolveTaskScheduled,
} from './tasks.ts';

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
      return evolveSignalReceived(run, record.signal, place, payloadSize(record.signal.payload));
    case 'signalConsumed':
      return evolveSignalConsumed(run, record, place);
    case 'runEnded':
      return evolveRunEnded(run, record, eventTime);
    case 'attributesSet':
      return evolveAttributesSet(run, record);
    case 'snapshotSaved':
      return evolveSnapshotSaved(run, client, record, place);
    case 'positionSet':
      return evolvePositionSet(client, record);
    case 'taskResultSaved':
      return evolveTaskResult(run, client, record, place);
    case 'statePatched':
      return evolveStatePatched(client, record, place);
    case 'taskScheduled':
      return evolveTaskScheduled(run, { ...record, ...stamp });
    case 'itemEnqueued':
      return evolveItemEnqueued(run, client, record, stamp);
    case 'taskLeased':
      return evolveTaskLeased(run, { ...record, ...stamp });
    case 'taskReleased':
      evolveTaskReleased(run, { ...record, ...stamp });
      return rememberSettled(run, client, record.nodePath);
    case 'taskCompleted':
      evolveTaskCompleted(run, { ...record, ...stamp });
      return rememberSettled(run, client, record.nodePath, place);
    case 'taskFailed':
      evolveTaskFailed(run, { ...record, ...stamp });
      return rememberSettled(run, client, record.nodePath);
    case 'taskWithdrawn':
      return evolveTaskWithdrawn(run, record.nodePath);
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
    run.pause = { requestedBy: '', reason: record.reason, sinceTime: time };
    // Its runtime held it without a check; else it would be held once more as soon as it is resumed.
    run.pendingPause = undefined;
  }
  if (record.toStatus === 'RUNNING') {
    run.startTime ??= time;
    if (run.pause !== undefined) run.resumeTime = time;
    run.pause = undefined;
  }
  run.wakeTime = computeWakeTime(run);
}
