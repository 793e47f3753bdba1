import type { Attempt } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import type { SystemRecord } from '#libs/engine/events/client-events.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import { failureToProto } from '../wire/failure.ts';
import { payloadToReadableProto } from '../wire/payload.ts';
import { timestampFromTime } from '../wire/timestamp.ts';

/** The last attempts of a dead letter that are told. */
const MAX_ATTEMPTS_TOLD = 100;

interface Held {
  readonly fence: bigint;
  readonly workerId: string;
  readonly startTime: number;
  readonly attempt: number;
}

/** Reads the attempts of a node from the records of its run, in order. */
export interface AttemptReader {
  add(record: SystemRecord, time: number): void;
  /** The attempts so far, the oldest first. */
  readonly attempts: readonly Attempt[];
}

/** Makes a reader of the attempts of a node: those since it was put back last, without those that were given back. */
export function createAttemptReader(nodePath: string): AttemptReader {
  let attempts: Attempt[] = [];
  let held: Held | undefined;

  function end(failure: Failure, attempt: number, workerId: string, time: number): void {
    attempts.push({
      $typeName: 'millrace.state.v1.Attempt',
      attempt,
      workerId: workerId || (held?.workerId ?? ''),
      ...(held === undefined ? {} : { startTime: timestampFromTime(held.startTime) }),
      endTime: timestampFromTime(time),
      failure: failureToProto(failure, payloadToReadableProto),
    });
    if (attempts.length > MAX_ATTEMPTS_TOLD) attempts.shift();
    held = undefined;
  }

  return {
    get attempts() {
      return attempts;
    },
    add: (record, time) => {
      if (!('nodePath' in record) || record.nodePath !== nodePath) return;
      switch (record.kind) {
        case 'taskLeased': {
          const { fence, workerId, leaseTime } = record.lease;
          // An extension of a hold is no new one.
          if (held?.fence !== fence) held = { fence, workerId, startTime: leaseTime, attempt: record.attempt };
          return;
        }
        case 'taskFailed':
          return end(record.failure, record.attempt, record.workerId, time);
        case 'itemDied':
          // One that was moved while a worker had it ended in the middle of an attempt.
          if (held !== undefined) end(record.failure, held.attempt, held.workerId, time);
          return;
        case 'taskReleased':
          held = undefined;
          return;
        case 'taskRequeued':
        case 'itemEnqueued':
          attempts = [];
          held = undefined;
          return;
        default:
          return;
      }
    },
  };
}
