import type { ClientEvent as ClientEventMessage } from '#gen/millrace/state/v1/client_event_pb.ts';
import type {
  StatusChanged as StatusChangedMessage,
  SystemRecord as SystemRecordMessage,
} from '#gen/millrace/state/v1/system_record_pb.ts';
import type { ClientEvent, StatusChanged, SystemRecord } from '#libs/engine/events/client-events.ts';
import { nodeNameOf } from './client-node.ts';
import {
  claimEndToProto,
  claimToProto,
  itemDiedToProto,
  positionSetToProto,
  resultToProto,
  snapshotSavedToProto,
  statePatchedToProto,
  workOfferedToProto,
  workRequeuedToProto,
} from './client-records.ts';
import type { RunRef } from './lease.ts';
import type { PayloadToProto } from './payload.ts';
import {
  attributesSetToProto,
  controlClearedToProto,
  controlRequestedToProto,
  runEndedToProto,
  runStartedToProto,
} from './run-events.ts';
import { statusToProto } from './status.ts';
import { maybeTimestampFromTime } from './timestamp.ts';
import { signalConsumedToProto, signalReceivedToProto } from './wait-events.ts';

/** An event of a remote runtime on the wire. */
export function clientEventToProto(event: ClientEvent, payload: PayloadToProto): ClientEventMessage {
  const { type, data, sourceTime, metadata } = event;
  return {
    $typeName: 'millrace.state.v1.ClientEvent',
    type,
    data: payload(data),
    sourceTime: maybeTimestampFromTime(sourceTime),
    metadata: { ...metadata },
  };
}

/** What the server did to a CLIENT run at a time, on the wire. */
export function systemRecordToProto(
  record: SystemRecord,
  eventTime: number,
  run: RunRef,
  payload: PayloadToProto,
): SystemRecordMessage {
  return { $typeName: 'millrace.state.v1.SystemRecord', kind: kindOf(record, eventTime, run, payload) };
}

function kindOf(
  record: SystemRecord,
  eventTime: number,
  run: RunRef,
  payload: PayloadToProto,
): SystemRecordMessage['kind'] {
  switch (record.kind) {
    case 'runStarted':
      return { case: 'started', value: runStartedToProto(record, payload) };
    case 'controlRequested':
      return { case: 'controlRequested', value: controlRequestedToProto(record) };
    case 'controlCleared':
      return { case: 'controlCleared', value: controlClearedToProto(record) };
    case 'statusChanged':
      return { case: 'statusChanged', value: statusChangedToProto(record) };
    case 'signalReceived':
      return { case: 'signalReceived', value: signalReceivedToProto(record, payload) };
    case 'signalConsumed':
      return { case: 'signalConsumed', value: signalConsumedToProto(record, payload) };
    case 'runEnded':
      return { case: 'ended', value: runEndedToProto(record, payload) };
    case 'attributesSet':
      return { case: 'attributesSet', value: attributesSetToProto(record) };
    case 'snapshotSaved':
      return snapshotSavedToProto(record);
    case 'positionSet':
      return positionSetToProto(record);
    case 'taskResultSaved':
    case 'taskCompleted':
      return resultToProto(record, payload);
    case 'statePatched':
      return statePatchedToProto(record);
    case 'taskLeased':
      return claimToProto(record, eventTime, run);
    case 'taskReleased':
    case 'taskFailed':
      return claimEndToProto(record, payload);
    case 'taskScheduled':
      return { case: 'workOffered', value: workOfferedToProto(record) };
    case 'itemEnqueued':
      return { case: 'workEnqueued', value: workOfferedToProto(record) };
    case 'taskWithdrawn': {
      const value = { $typeName: 'millrace.state.v1.WorkWithdrawn', ...nodeNameOf(record.nodePath) } as const;
      return { case: 'workWithdrawn', value };
    }
    case 'itemDied':
      return itemDiedToProto(record, payload);
    case 'taskRequeued':
      return { case: 'workRequeued', value: workRequeuedToProto(record) };
    case 'deadLetterPurged':
      return { case: 'workPurged', value: workRequeuedToProto(record) };
  }
}

function statusChangedToProto({ fromStatus, toStatus, reason }: StatusChanged): StatusChangedMessage {
  return {
    $typeName: 'millrace.state.v1.StatusChanged',
    fromStatus: statusToProto(fromStatus),
    toStatus: statusToProto(toStatus),
    reason,
  };
}
