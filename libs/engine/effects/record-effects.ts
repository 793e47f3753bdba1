import type { SystemRecord } from '../events/client-events.ts';
import type { Event } from '../events/event.ts';
import { taskPath } from '../model/client-path.ts';
import type { ClientState } from '../model/client-state.ts';
import { isForcedRelease } from '../model/forced-release.ts';
import type { Run } from '../model/run.ts';
import type { RunStatus } from '../model/status.ts';
import type { Effect } from './effect.ts';
import type { ItemEffects } from './item-effects.ts';

/** Adds the effects of a CLIENT run's log entries, from how the run was before them. */
export interface RecordEffects {
  add(event: Event): void;
  /** After the last one: what is held back no longer is offered now, once, as it is then. */
  finish(): void;
}

/**
 * Follows what holds a CLIENT run back through the events of one commit. Whatever begins to hold it back takes its items
 * out at once; they go back at the end, so that a pending pause that takes effect offers nothing between.
 */
export function createRecordEffects(
  run: Run,
  client: ClientState,
  effects: Effect[],
  items: ItemEffects,
): RecordEffects {
  let place = run.lastSequence + client.records;
  let { status }: { status: RunStatus } = run;
  let isCancelPending = run.cancel !== undefined;
  let isPausePending = run.pendingPause !== undefined;

  function add(record: SystemRecord, sequence: number, eventTime: number): void {
    const stamp = { sequence: place, eventTime };
    switch (record.kind) {
      case 'runStarted':
        effects.push({ kind: 'notify', topic: 'started', sequence });
        return undefined;
      case 'runEnded':
        items.endAll();
        effects.push({ kind: 'notify', topic: 'ended', sequence });
        return undefined;
      case 'controlRequested':
        if (record.control.kind === 'CANCEL') isCancelPending = true;
        else isPausePending = true;
        items.pause();
        effects.push({ kind: 'notify', topic: 'control', sequence });
        return undefined;
      case 'controlCleared':
        if (record.control === 'CANCEL') isCancelPending = false;
        else isPausePending = false;
        return undefined;
      case 'statusChanged':
        status = record.toStatus;
        if (status === 'PAUSED') {
          items.pause();
          effects.push({ kind: 'notify', topic: 'paused', sequence });
        } else if (record.fromStatus === 'PAUSED') {
          effects.push({ kind: 'notify', topic: 'resumed', sequence });
        }
        return undefined;
      case 'taskScheduled':
        if (record.attempt === 1) items.forgive(record.nodePath);
        return items.schedule({ ...record, ...stamp });
      case 'itemEnqueued':
        return items.schedule({ ...record, kind: 'taskScheduled', ...stamp });
      case 'taskLeased':
        return items.lease({ ...record, ...stamp });
      case 'taskReleased':
        return items.settle(record.nodePath, !isForcedRelease(record));
      case 'taskCompleted':
        return items.settle(record.nodePath, true);
      case 'taskFailed':
        return items.fail(record.nodePath, record.workerId !== '');
      case 'taskResultSaved':
        return items.withdraw(taskPath(record.taskId));
      case 'taskWithdrawn':
      case 'itemDied':
        return items.withdraw(record.nodePath);
      case 'signalReceived':
      case 'signalConsumed':
      case 'attributesSet':
      case 'snapshotSaved':
      case 'positionSet':
      case 'statePatched':
      case 'taskRequeued':
      case 'deadLetterPurged':
        return undefined;
    }
  }

  return {
    add: (event) => {
      place += 1;
      if (event.kind === 'systemRecord') add(event.record, event.sequence, event.eventTime);
    },
    finish: () => {
      if (status !== 'PAUSED' && !isCancelPending && !isPausePending) items.resume();
    },
  };
}
