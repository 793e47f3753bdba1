import { partitionOfSlot, slotOf } from '#libs/store/slots.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { encodeCheckpoint } from '../state/checkpoint-codec.ts';
import type { PartitionEvent, RequestAnswered } from '../state/partition-event.ts';
import { type OutboxMessage, outboxTo, type PartitionState } from '../state/partition-state.ts';
import { packRequest } from '../state/request-row.ts';
import type { Clock } from '../timers/clock.ts';
import type { Inbox } from './inbox.ts';
import type { RoundState } from './materialise.ts';
import { encodeMessage, type RunMessage } from './message.ts';
import type { Partition } from './partition.ts';
import type { MessageEffect } from './run-effects.ts';
import type { RunVisit } from './run-visit.ts';

/** How long a message waits whose target is not served here at this moment. */
const RETRY_MS = 250;
/** Messages of one delivery. */
const MAX_BATCH = 100;

/** What the messages of a partition need. */
export interface MessageOptions {
  readonly partition: number;
  readonly partitionCount: number;
  readonly state: PartitionState;
  readonly clock: Clock;
  readonly inbox: Inbox;
  /** A partition that is served here. */
  readonly maybePartition: (number: number) => Partition | undefined;
  /**
   * Brings messages to a partition that another node serves, in order, and answers the number of the last one once all
   * are durable there.
   */
  readonly deliver: (target: number, messages: readonly OutboxMessage[]) => Promise<number>;
  /** Adds an event of this partition to its journal, outside any visit. */
  readonly record: (event: PartitionEvent) => void;
  readonly onTrouble: (what: string, error: unknown) => void;
}

/** What the runs of a partition say to those of others, and hear from them. [journal.md 22] */
export interface Messages {
  readonly roundState: RoundState;
  /** Puts what an effect says into the outbox, in the record of the visit. */
  send(visit: RunVisit, hot: HotRun, effect: MessageEffect): void;
  /** Puts a message into the outbox, in the record of the visit. */
  queue(visit: RunVisit, message: RunMessage): void;
  /** Sends what was not acknowledged before a take-over. */
  resume(): void;
  stop(): void;
}

/** Makes the outbox of a partition. */
export function createMessages(options: MessageOptions): Messages {
  const { state, partitionCount } = options;
  /** Targets that messages are on their way to: one at a time, so that they arrive in order. */
  const pumps = new Set<number>();
  let isDirty = false;
  let isStopped = false;

  function queue(visit: RunVisit, message: RunMessage): void {
    const targetPartition = partitionOfSlot(slotOf(message.tenantId, message.runId), partitionCount);
    const number = outboxTo(state, targetPartition).nextNumber;
    visit.record({ kind: 'messageQueued', targetPartition, number, body: encodeMessage(message) });
    isDirty = true;
    visit.whenDurable((news) => {
      if (news === 'durable') void pump(targetPartition);
    });
  }

  async function pump(target: number): Promise<void> {
    if (pumps.has(target)) return;
    pumps.add(target);
    const { waiting } = outboxTo(state, target);
    let delivered = 0;
    try {
      for (;;) {
        const batch = messagesAfter(waiting, delivered);
        const last = batch.at(-1);
        if (last === undefined || isStopped) return;
        const local = options.maybePartition(target);
        if (local === undefined) {
          acknowledge(target, await options.deliver(target, batch));
        } else {
          for (const message of batch) {
            await options.inbox.take(local, options.partition, message, () => acknowledge(target, message.number));
          }
        }
        delivered = last.number;
      }
    } catch (error) {
      if (isStopped) return;
      options.onTrouble(`a message to partition ${target} was not delivered`, error);
      options.clock.setTimer(RETRY_MS, () => void pump(target));
    } finally {
      pumps.delete(target);
    }
  }

  function acknowledge(targetPartition: number, upTo: number): void {
    if (isStopped || !outboxTo(state, targetPartition).waiting.has(upTo)) return;
    options.record({ kind: 'messagesAcknowledged', targetPartition, upTo });
    isDirty = true;
  }

  function messageOf(hot: HotRun, effect: MessageEffect): RunMessage | undefined {
    const { tenantId, runId, incarnation } = hot.identity;
    switch (effect.kind) {
      case 'startChild':
        return { ...effect, tenantId };
      case 'cancelChild':
        return {
          kind: 'cancelChild',
          tenantId,
          runId: effect.runId,
          incarnation: effect.incarnation,
          parentIncarnation: incarnation,
        };
      case 'tellParent': {
        // That it started is told by whoever handles the message that asked for it.
        if (effect.report.kind === 'started') return undefined;
        const { status, output, failure } = effect.report;
        return {
          kind: 'childEnded',
          tenantId,
          runId: effect.parent.runId,
          incarnation: effect.parent.incarnation,
          childRunId: runId,
          childIncarnation: incarnation,
          status,
          output,
          failure,
        };
      }
    }
  }

  return {
    roundState: {
      get isDirty() {
        return isDirty || state.requests.size > 0;
      },
      take: () => {
        isDirty = false;
        const answered = [...state.requests];
        return {
          checkpoint: encodeCheckpoint(state),
          writes: [...takeOutboxRows(options.partition, state), ...answered.map(([, request]) => requestRow(request))],
          // Until then a repeat is answered from memory.
          onWritten: () => {
            for (const [scope, request] of answered)
              if (state.requests.get(scope) === request) state.requests.delete(scope);
          },
        };
      },
    },
    send: (visit, hot, effect) => {
      const message = messageOf(hot, effect);
      if (message !== undefined) queue(visit, message);
    },
    queue,
    resume: () => {
      for (const [target, { waiting }] of state.outboxes) if (waiting.size > 0) void pump(target);
    },
    stop: () => {
      isStopped = true;
    },
  };
}

function messagesAfter(waiting: ReadonlyMap<number, OutboxMessage>, delivered: number): readonly OutboxMessage[] {
  const batch: OutboxMessage[] = [];
  for (const message of waiting.values()) {
    if (message.number <= delivered) continue;
    batch.push(message);
    if (batch.length === MAX_BATCH) break;
  }
  return batch;
}

function requestRow(request: RequestAnswered): RowWrite {
  return { table: 'requestIds', put: packRequest(request), isNew: true };
}

/** The rows of messages that wait, and the end of those of messages that do not any more. */
function takeOutboxRows(sourcePartition: number, state: PartitionState): readonly RowWrite[] {
  const writes: RowWrite[] = [];
  for (const { targetPartition, number } of state.acknowledged.splice(0)) {
    writes.push({ table: 'outbox', delete: { sourcePartition, targetPartition, number } });
  }
  for (const { waiting } of state.outboxes.values()) {
    for (const message of waiting.values()) {
      if (message.hasRow) continue;
      const { targetPartition, number, body } = message;
      writes.push({ table: 'outbox', put: { sourcePartition, targetPartition, number, body }, isNew: true });
      message.hasRow = true;
    }
  }
  return writes;
}
