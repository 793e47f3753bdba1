import { create } from '@bufbuild/protobuf';
import { type DeadLetter, DeadLetterSchema } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import { WorkItemState } from '#gen/millrace/state/v1/work_item_pb.ts';
import type { DeadNode } from '#libs/engine/model/client-state.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { StateContext } from '../context.ts';
import { maybeWorkItem, type SeenWorkItem, wholeWorkItem } from '../queues/work-item.ts';
import { lookAt } from '../reads/look-at.ts';
import { maybeEntryAt } from '../reads/record-at.ts';
import { deadReasonToProto } from '../wire/dead-reason.ts';
import { failureToProto } from '../wire/failure.ts';
import { timestampFromTime } from '../wire/timestamp.ts';
import { createAttemptReader } from './attempts.ts';
import { type DeadLetterPlace, deadLetterNotFound, placeOfRow } from './find-dead-letter.ts';

/** Entries of a log of one read. */
const READ_EVENTS = 1_000;
const READ_BYTES: number = 1024 * 1024;

/** A dead letter of a list: what its row says, without payloads. */
export function listedDeadLetter(row: DeadLetterPlace['row']): DeadLetter {
  const { facts, isFree } = placeOfRow(row);
  const { taskId, nodeId, attempt, maxAttempts, priority, tags, createTime, reason, movedBy, workerId } = facts;
  const failure = failureToProto(facts.failure);
  return create(DeadLetterSchema, {
    deadLetterId: row.deadLetterId,
    item: {
      itemId: row.itemId,
      runId: row.runId,
      incarnation: isFree ? '' : row.incarnation,
      nodeId: nodeId || taskId,
      queue: row.queue,
      attempt,
      maxAttempts,
      priority,
      tags: [...tags],
      ...(createTime === undefined ? {} : { createTime: timestampFromTime(createTime) }),
      state: WorkItemState.DEAD,
      lastFailure: failure,
    },
    reason: deadReasonToProto(reason),
    attempts: [{ attempt, workerId, endTime: timestampFromTime(row.deadTime), failure }],
    deadTime: timestampFromTime(row.deadTime),
    movedBy,
  });
}

interface SeenDeadLetter {
  readonly hot: HotRun;
  readonly dead: DeadNode;
  readonly seen: SeenWorkItem;
}

/**
 * Reads a dead letter whole: its payload, its attempts and their errors, from the log of its run.
 *
 * @throws DEAD_LETTER_NOT_FOUND for one that was put back or removed meanwhile, or whose run is gone.
 */
export async function readDeadLetter(context: StateContext, place: DeadLetterPlace): Promise<DeadLetter> {
  const { key, incarnation, nodePath, deadLetterId } = place;
  const { found } = await lookAt(context, key, incarnation, (hot): { readonly found: SeenDeadLetter | undefined } => {
    const dead = hot.run.client?.dead.get(nodePath);
    const seen = maybeWorkItem(hot, nodePath);
    return { found: dead?.deadLetterId === deadLetterId && seen !== undefined ? { hot, dead, seen } : undefined };
  });
  if (found === undefined) throw deadLetterNotFound(deadLetterId);
  const { hot, dead, seen } = found;
  const { tables } = context.store;
  const [item, entry, attempts] = await Promise.all([
    wholeWorkItem(tables, seen),
    maybeEntryAt(tables, hot, dead.place),
    attemptsOf(context, found, nodePath),
  ]);
  const died = entry?.kind === 'systemRecord' && entry.record.kind === 'itemDied' ? entry.record : undefined;
  const lastFailure = died === undefined ? item.lastFailure : failureToProto(died.failure);
  return create(DeadLetterSchema, {
    deadLetterId,
    item: { ...item, ...(lastFailure === undefined ? {} : { lastFailure }) },
    reason: deadReasonToProto(dead.reason),
    attempts: [...attempts],
    deadTime: timestampFromTime(dead.time),
    movedBy: died?.movedBy ?? '',
  });
}

async function attemptsOf(
  { store }: StateContext,
  { hot, dead, seen }: SeenDeadLetter,
  nodePath: string,
): Promise<DeadLetter['attempts']> {
  const reader = createAttemptReader(nodePath);
  let fromPlace = Math.max(1, seen.payloadPlace);
  while (fromPlace <= dead.place) {
    const window = { afterSequence: 0, maxEvents: READ_EVENTS, maxBytes: READ_BYTES, includeSystem: true, fromPlace };
    const { events, nextPlace } = await readEvents(store.tables, hot, window);
    if (events.length === 0) break;
    for (const [index, event] of events.entries()) {
      if (fromPlace + index > dead.place) break;
      if (event.kind === 'systemRecord') reader.add(event.record, event.eventTime);
    }
    fromPlace = nextPlace;
  }
  return [...reader.attempts];
}
