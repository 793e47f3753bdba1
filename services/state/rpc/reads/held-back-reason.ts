import { create } from '@bufbuild/protobuf';
import { BlockerSchema } from '#gen/millrace/state/v1/blocker_pb.ts';
import { maybeFailureToProto } from '../wire/failure.ts';
import { timestampFromTime } from '../wire/timestamp.ts';
import type { ExplainScope } from './explain-scope.ts';
import { momentOf, type Reason, SEVERITY, subjectOf } from './reason.ts';
import { failureIn } from './run-message.ts';
import type { SeenItem } from './run-sight.ts';
import { retryWords } from './wait-reason.ts';

/** That an item is not offered before a time: another attempt of it, or the first one later. */
export function heldBackReason(
  { failures }: ExplainScope,
  { path, item, failureSequence }: SeenItem,
  dueTime: number,
): Reason {
  const base = { nodePath: path, sinceTime: timestampFromTime(item.scheduleTime) };
  const due = timestampFromTime(dueTime);
  const what = subjectOf(path);
  if (item.attempt <= 1) {
    return {
      severity: SEVERITY.timer,
      blocker: create(BlockerSchema, { ...base, kind: { case: 'timer', value: { dueTime: due } } }),
      words: `${what} is not offered to workers before ${momentOf(dueTime)}`,
    };
  }
  const failure = failureIn(failures.get(failureSequence));
  const value = { dueTime: due, attempt: item.attempt, failure: maybeFailureToProto(failure) };
  return {
    severity: SEVERITY.retry,
    blocker: create(BlockerSchema, {
      ...base,
      kind: { case: 'retry', value: failure === undefined ? { dueTime: due, attempt: item.attempt } : value },
    }),
    words: retryWords(what, item.attempt, dueTime, failure),
  };
}
