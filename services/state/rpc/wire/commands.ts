import { hash } from 'node:crypto';
import type {
  ChildStart,
  LeaseExtension,
  LeaseRelease,
  Park,
  StepRecord as StepRecordMessage,
  TimerPark,
  WorkCompletion,
  WorkFailure,
} from '#gen/millrace/state/v1/work_up_pb.ts';
import type {
  CompleteItem,
  ExtendLease,
  FailItem,
  LeaseProof,
  ReleaseItem,
} from '#libs/engine/commands/item-commands.ts';
import type {
  ParkFunction,
  ParkWait,
  RecordStep,
  StartChild,
  StepRecord,
} from '#libs/engine/commands/step-commands.ts';
import type { StepId } from '#libs/engine/model/step-id.ts';
import { attributesFromProto } from './attributes.ts';
import { childModeFromProto } from './child-mode.ts';
import { assertPlain } from './control-character.ts';
import { divergenceFromProto } from './divergence.ts';
import { maybeMsFromDuration, msFromDuration } from './duration.ts';
import { failureFromProto } from './failure.ts';
import { invalidField } from './invalid-field.ts';
import { payloadFromProto } from './payload.ts';
import { stepIdFromProto } from './step-id.ts';
import { sortedTags } from './tags.ts';
import { dueTimeFromTimestamp } from './timestamp.ts';

// Frames were held against the rules of the protos before they come here. Every function throws INVALID_FIELDS, with the
// path within the frame, for what those rules cannot say.

/**
 * Whether a payload of a record is a reference, which names a staged upload: it is copied into the run before the record
 * becomes a command.
 */
export function needsUpload({ record }: StepRecordMessage): boolean {
  switch (record.case) {
    case 'result':
    case 'value':
      return record.value.value.case === 'ref';
    case 'set':
      return record.value.value?.value.case === 'ref';
    case 'failed':
      return record.value.failure?.details?.value.case === 'ref';
    case 'begin':
    case 'attributes':
    case undefined:
      return false;
  }
}

/** A step record. `now` is the run's time: a retry delay counts from it. */
export function recordStepFromProto(message: StepRecordMessage, lease: LeaseProof, now: number): RecordStep {
  return {
    kind: 'recordStep',
    lease,
    ordinal: message.ordinal,
    step: stepIdFromProto(message),
    attempt: message.attempt === 0 ? 1 : message.attempt,
    record: recordFromProto(message.record, now),
  };
}

/** A wait of a function. `now` is the run's time: a delay counts from it. */
export function parkFromProto(message: Park, lease: LeaseProof, now: number): ParkFunction {
  const { ordinal, wait } = message;
  return { kind: 'parkFunction', lease, ordinal, step: stepIdFromProto(message), wait: waitFromProto(wait, now) };
}

/** A child that a function starts. `parentPriority` is its priority where the frame does not say. */
export function startChildFromProto(message: ChildStart, lease: LeaseProof, parentPriority: number): StartChild {
  const { ordinal, workflow, version, input, mode, priority, tags, attributes, runTimeout, queue } = message;
  const step = stepIdFromProto(message);
  assertPlain(message.runId, 'run_id');
  assertPlain(workflow, 'workflow');
  assertPlain(version, 'version');
  assertPlain(queue, 'queue');
  return {
    kind: 'startChild',
    lease,
    ordinal,
    step,
    runId: message.runId === '' ? childRunIdFrom(lease, step) : message.runId,
    workflow,
    version,
    mode: childModeFromProto(mode),
    input: payloadFromProto(input, 'input'),
    options: {
      priority: priority ?? parentPriority,
      tags: sortedTags(tags),
      attributes: attributesFromProto(attributes, 'attributes'),
      runTimeoutMs: maybeMsFromDuration(runTimeout),
      queue,
    },
  };
}

/**
 * The id of a child that names none: the step's name, to be readable, and a hash of parent incarnation, path and
 * occurrence. The same step of the same incarnation always starts the same child. [journal.md 22]
 */
export function childRunIdFrom({ incarnation, nodePath }: LeaseProof, { scope, name, occurrence }: StepId): string {
  // None of the parts has a line break, so no two lists of parts make one text.
  const digest = hash('sha256', [incarnation, nodePath, scope, name, occurrence].join('\n'));
  return `${name === '' ? 'child' : name}-${digest.slice(0, 32)}`;
}

/** The success of an item. */
export function completeFromProto({ stepCount, output }: WorkCompletion, lease: LeaseProof): CompleteItem {
  return { kind: 'completeItem', lease, stepCount, output: payloadFromProto(output, 'output') };
}

/** A failed attempt of an item. `random` is from 0 up to 1, for the jitter. */
export function failFromProto(message: WorkFailure, lease: LeaseProof, random: number): FailItem {
  const { stepCount, failure, retryAfter, diverged, divergence } = message;
  return {
    kind: 'failItem',
    lease,
    stepCount,
    failure: failureFromProto(failure ?? missing('failure'), 'failure'),
    retryAfterMs: maybeMsFromDuration(retryAfter),
    divergence: diverged ? divergenceFromProto(divergence) : undefined,
    random,
  };
}

/** The return of an item. Without a frame, as a unary call may come: it was started and is offered at once. */
export function releaseFromProto(message: LeaseRelease | undefined, lease: LeaseProof): ReleaseItem {
  const reason = message?.reason ?? '';
  return {
    kind: 'releaseItem',
    lease,
    retryAfterMs: maybeMsFromDuration(message?.retryAfter),
    reason: reason === '' && message?.unstarted === true ? 'unstarted' : reason,
  };
}

/** A longer hold. */
export function extendFromProto({ ttl }: Pick<LeaseExtension, 'ttl'>, lease: LeaseProof): ExtendLease {
  return { kind: 'extendLease', lease, ttlMs: maybeMsFromDuration(ttl) };
}

function recordFromProto(record: StepRecordMessage['record'], now: number): StepRecord {
  switch (record.case) {
    case 'result':
      return { kind: 'result', result: payloadFromProto(record.value, 'result') };
    case 'begin': {
      const { timeout, heartbeatTimeout } = record.value;
      const timeoutMs = maybeMsFromDuration(timeout);
      return { kind: 'begin', timeoutMs, heartbeatTimeoutMs: maybeMsFromDuration(heartbeatTimeout) };
    }
    case 'failed': {
      const { failure, retryDelay, retryTime } = record.value;
      let due: number | undefined;
      if (retryDelay !== undefined) due = now + msFromDuration(retryDelay);
      else if (retryTime !== undefined) due = dueTimeFromTimestamp(retryTime, 'failed.retry_time');
      const told = failureFromProto(failure ?? missing('failed.failure'), 'failed.failure');
      return { kind: 'failed', failure: told, retryTime: due };
    }
    case 'value':
      return { kind: 'value', value: payloadFromProto(record.value, 'value') };
    case 'set': {
      const { key, value } = record.value;
      return { kind: 'set', key, value: payloadFromProto(value, 'set.value') };
    }
    case 'attributes': {
      const { attributes, remove } = record.value;
      const set = attributesFromProto(attributes, 'attributes.attributes');
      return { kind: 'attributes', attributes: set, removed: remove };
    }
    case undefined:
      return missing('record');
  }
}

function waitFromProto(wait: Park['wait'], now: number): ParkWait {
  switch (wait.case) {
    case 'timer':
      return { kind: 'timer', dueTime: dueTimeOf(wait.value.due, now) };
    case 'signal': {
      const { name, timeout } = wait.value;
      assertPlain(name, 'signal.name');
      return { kind: 'signal', name, timeoutMs: maybeMsFromDuration(timeout) };
    }
    case 'child':
      assertPlain(wait.value.runId, 'child.run_id');
      return { kind: 'child', runId: wait.value.runId };
    case undefined:
      return missing('wait');
  }
}

function dueTimeOf(due: TimerPark['due'], now: number): number {
  switch (due.case) {
    case 'delay':
      return now + msFromDuration(due.value);
    case 'dueTime':
      return dueTimeFromTimestamp(due.value, 'timer.due_time');
    case undefined:
      return missing('timer.due');
  }
}

function missing(field: string): never {
  throw invalidField(field, 'must be there');
}
