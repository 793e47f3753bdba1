import type { Event as EventMessage } from '#gen/millrace/state/v1/event_pb.ts';
import type { Event, EventKind } from '#libs/engine/events/event.ts';
import type { RunRef } from './lease.ts';
import { type PayloadToProto, payloadToProto } from './payload.ts';
import * as run from './run-events.ts';
import * as step from './step-events.ts';
import { clientEventToProto, systemRecordToProto } from './system-record.ts';
import * as task from './task-events.ts';
import { timestampFromTime } from './timestamp.ts';
import * as wait from './wait-events.ts';

/** The kinds that the wire has and the engine lacks: none, or this does not compile. */
type UnknownKind = Exclude<EventMessage['kind']['case'], EventKind | undefined>;
type WireKind = [UnknownKind] extends [never] ? EventMessage['kind'] : never;

/**
 * An entry of the log of an incarnation on the wire.
 *
 * @param ref the run, which an event does not repeat.
 * @param payload how payloads are answered; default: as bytes.
 */
export function eventToProto(event: Event, ref: RunRef, payload: PayloadToProto = payloadToProto): EventMessage {
  return {
    $typeName: 'millrace.state.v1.Event',
    sequence: BigInt(event.sequence),
    eventTime: timestampFromTime(event.eventTime),
    kind: kindOf(event, ref, payload),
  };
}

function kindOf(event: Event, ref: RunRef, payload: PayloadToProto): WireKind {
  switch (event.kind) {
    case 'stepRecorded':
      return { case: 'stepRecorded', value: step.stepRecordedToProto(event, payload) };
    case 'stepBegun':
      return { case: 'stepBegun', value: step.stepBegunToProto(event) };
    case 'stepFailed':
      return { case: 'stepFailed', value: step.stepFailedToProto(event, payload) };
    case 'valueRecorded':
      return { case: 'valueRecorded', value: step.valueRecordedToProto(event, payload) };
    case 'signalConsumed':
      return { case: 'signalConsumed', value: wait.signalConsumedToProto(event, payload) };
    case 'timerFired':
      return { case: 'timerFired', value: wait.timerFiredToProto(event) };
    case 'childEnded':
      return { case: 'childEnded', value: wait.childEndedToProto(event, payload) };
    case 'taskScheduled':
      return { case: 'taskScheduled', value: task.taskScheduledToProto(event, event.sequence, ref, payload) };
    case 'taskLeased':
      return { case: 'taskLeased', value: task.taskLeasedToProto(event, ref) };
    case 'taskCompleted':
      return { case: 'taskCompleted', value: task.taskCompletedToProto(event, payload) };
    case 'taskFailed':
      return { case: 'taskFailed', value: task.taskFailedToProto(event, payload) };
    case 'clientEvent':
      return { case: 'clientEvent', value: clientEventToProto(event, payload) };
    case 'stateSet':
      return { case: 'stateSet', value: run.stateSetToProto(event, payload) };
    case 'runStarted':
      return { case: 'runStarted', value: run.runStartedToProto(event, payload) };
    case 'runEnded':
      return { case: 'runEnded', value: run.runEndedToProto(event, payload) };
    case 'runPaused':
      return { case: 'runPaused', value: run.runPausedToProto(event) };
    case 'runResumed':
      return { case: 'runResumed', value: run.runResumedToProto(event) };
    case 'controlRequested':
      return { case: 'controlRequested', value: run.controlRequestedToProto(event) };
    case 'controlCleared':
      return { case: 'controlCleared', value: run.controlClearedToProto(event) };
    case 'cleanupStarted':
      return { case: 'cleanupStarted', value: run.cleanupStartedToProto(event) };
    case 'attributesSet':
      return { case: 'attributesSet', value: run.attributesSetToProto(event) };
    case 'runDiverged':
      return { case: 'runDiverged', value: run.runDivergedToProto(event) };
    case 'taskReleased':
      return { case: 'taskReleased', value: task.taskReleasedToProto(event, ref) };
    case 'taskSkipped':
      return { case: 'taskSkipped', value: task.taskSkippedToProto(event) };
    case 'taskDeadLettered':
      return { case: 'taskDeadLettered', value: task.taskDeadLetteredToProto(event, payload) };
    case 'taskRequeued':
      return { case: 'taskRequeued', value: task.taskRequeuedToProto(event, ref) };
    case 'edgeEvaluated':
      return { case: 'edgeEvaluated', value: task.edgeEvaluatedToProto(event) };
    case 'loopIterated':
      return { case: 'loopIterated', value: task.loopIteratedToProto(event, payload) };
    case 'raceWon':
      return { case: 'raceWon', value: task.raceWonToProto(event) };
    case 'compensationStarted':
      return { case: 'compensationStarted', value: task.compensationStartedToProto(event) };
    case 'timerStarted':
      return { case: 'timerStarted', value: wait.timerStartedToProto(event) };
    case 'timerWithdrawn':
      return { case: 'timerWithdrawn', value: wait.timerWithdrawnToProto(event) };
    case 'signalWaitStarted':
      return { case: 'signalWaitStarted', value: wait.signalWaitStartedToProto(event) };
    case 'signalReceived':
      return { case: 'signalReceived', value: wait.signalReceivedToProto(event, payload) };
    case 'signalWaitTimedOut':
      return { case: 'signalWaitTimedOut', value: wait.signalWaitTimedOutToProto(event) };
    case 'childScheduled':
      return { case: 'childScheduled', value: wait.childScheduledToProto(event, payload) };
    case 'childStarted':
      return { case: 'childStarted', value: wait.childStartedToProto(event) };
    case 'childRejected':
      return { case: 'childRejected', value: wait.childRejectedToProto(event) };
    case 'waitWithdrawn':
      return { case: 'waitWithdrawn', value: wait.waitWithdrawnToProto(event) };
    case 'childWaitStarted':
      return { case: 'childWaitStarted', value: wait.childWaitStartedToProto(event) };
    case 'systemRecord':
      return { case: 'systemRecord', value: systemRecordToProto(event.record, event.eventTime, ref, payload) };
  }
}
