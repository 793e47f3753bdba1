import type { SystemRecord } from '../events/client-events.ts';
import { payloadSize } from '../model/payload.ts';
import type { Run } from '../model/run.ts';
import {
  evolveAttributesSet,
  evolveControlCleared,
  evolveControlRequested,
  evolveRunEnded,
  evolveRunStarted,
} from './run.ts';
import { evolveSignalConsumed, evolveSignalReceived } from './signals.ts';

/** Folds what the server did to a CLIENT run. */
export function evolveSystemRecord(run: Run, record: SystemRecord, time: number): void {
  switch (record.kind) {
    case 'runStarted':
      return evolveRunStarted(run, record, time);
    case 'controlRequested':
      return evolveControlRequested(run, record);
    case 'controlCleared':
      return evolveControlCleared(run, record);
    case 'statusChanged':
      return changeStatus(run, record, time);
    case 'signalReceived':
      return evolveSignalReceived(run, record.signal, 0, payloadSize(record.signal.payload));
    case 'signalConsumed':
      return evolveSignalConsumed(run, record, run.lastSequence);
    case 'runEnded':
      return evolveRunEnded(run, record, time);
    case 'attributesSet':
      return evolveAttributesSet(run, record);
  }
}

function changeStatus(run: Run, record: Extract<SystemRecord, { kind: 'statusChanged' }>, time: number): void {
  run.status = record.toStatus;
  if (record.toStatus === 'PAUSED') run.pause = { requestedBy: '', reason: record.reason, sinceTime: time };
  if (record.toStatus !== 'RUNNING') return;
  run.startTime ??= time;
  if (run.pause !== undefined) run.resumeTime = time;
  run.pause = undefined;
}
