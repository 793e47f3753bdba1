import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type DeadLetter, DeadLetterReasonSchema } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import type { Lease } from '#gen/millrace/state/v1/lease_pb.ts';
import { type WorkItem, WorkItemStateSchema } from '#gen/millrace/state/v1/work_item_pb.ts';
import { enumName } from '../json/message-json.ts';
import { failureText } from './names.ts';
import { payloadText } from './payload-text.ts';
import { type Row, renderFields, renderTable } from './table.ts';
import { describeAge, describeMoment, localTime } from './times.ts';

const TITLES: Row = ['DEAD LETTER', 'ITEM', 'RUN', 'QUEUE', 'REASON', 'ATTEMPTS', 'DIED', 'FAILURE'];

/** What names an item in a sentence. */
export function itemName({ itemId, runId, nodeId }: Pick<WorkItem, 'itemId' | 'runId' | 'nodeId'>): string {
  const name = itemId === '' ? `task ${nodeId}` : itemId;
  return runId === '' ? name : `${name} of ${runId}`;
}

/** Until when a lease holds. */
export function leaseText({ noExpiry, expireTime }: Lease, nowMs: number): string {
  if (noExpiry) return 'for ever';
  return expireTime === undefined ? 'while its session is heard' : `until ${describeMoment(expireTime, nowMs)}`;
}

/** How an item stands, as a few words. */
export function itemLine(item: WorkItem, nowMs: number): string {
  const { attempt, maxAttempts, notBeforeTime, lease } = item;
  const state = enumName(WorkItemStateSchema, item.state);
  const tries = `attempt ${attempt}${maxAttempts === 0 ? '' : ` of ${maxAttempts}`}`;
  if (lease !== undefined)
    return `${itemName(item)} is ${state} by ${lease.workerId} ${leaseText(lease, nowMs)}, ${tries}`;
  const later = notBeforeTime === undefined ? '' : `, not before ${describeMoment(notBeforeTime, nowMs)}`;
  return `${itemName(item)} is ${state}, ${tries}${later}`;
}

/** A claimed item with all that settles it. */
export function claimedText(item: WorkItem, nowMs: number): string {
  const { itemId, runId, nodeId, queue, attempt, maxAttempts, tags, lease, lastFailure, payload } = item;
  return renderFields([
    ['item', itemId],
    ['run', runId],
    ['node', nodeId],
    ['queue', queue],
    ['tags', tags.join(', ')],
    ['attempt', `${attempt}${maxAttempts === 0 ? '' : ` of ${maxAttempts}`}`],
    ['worker', lease?.workerId],
    ['fence', lease === undefined ? undefined : String(lease.fence)],
    ['held', lease === undefined ? undefined : leaseText(lease, nowMs)],
    ['last failure', failureText(lastFailure)],
    ['payload', payloadText(payload)],
  ]);
}

/** Dead letters as a table. */
export function deadLetterTable(letters: readonly DeadLetter[], nowMs: number): string {
  return letters.length === 0
    ? ''
    : renderTable(
        TITLES,
        letters.map((letter) => rowOf(letter, nowMs)),
      );
}

function rowOf({ deadLetterId, item, reason, deadTime }: DeadLetter, nowMs: number): Row {
  return [
    deadLetterId,
    item?.itemId || (item?.nodeId ?? ''),
    item?.runId ?? '',
    item?.queue ?? '',
    enumName(DeadLetterReasonSchema, reason),
    String(item?.attempt ?? 0),
    deadTime === undefined ? '' : describeAge(timestampMs(deadTime), nowMs),
    failureText(item?.lastFailure) ?? '',
  ];
}

/** A dead letter with its payload and its attempts. */
export function deadLetterText({ deadLetterId, item, reason, attempts, deadTime, movedBy }: DeadLetter): string {
  return renderFields([
    ['dead letter', deadLetterId],
    ['item', item?.itemId],
    ['run', item?.runId],
    ['node', item?.nodeId],
    ['queue', item?.queue],
    ['reason', enumName(DeadLetterReasonSchema, reason)],
    ['moved by', movedBy],
    ['died', deadTime === undefined ? undefined : localTime(timestampMs(deadTime))],
    ['failure', failureText(item?.lastFailure)],
    ['payload', payloadText(item?.payload)],
    ['attempts', attempts.length === 0 ? undefined : `\n${attempts.map(attemptLine).join('\n')}`.slice(1)],
  ]);
}

function attemptLine({ attempt, workerId, endTime, failure }: DeadLetter['attempts'][number]): string {
  const ended = endTime === undefined ? '' : ` until ${localTime(timestampMs(endTime))}`;
  return `${attempt} by ${workerId || 'nobody'}${ended}: ${failureText(failure) ?? 'no failure'}`;
}
