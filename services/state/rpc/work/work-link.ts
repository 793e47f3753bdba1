import type { WorkResponse } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { payloadSize } from '#libs/engine/model/payload.ts';
import type { AssignmentFacts, HeldLease, WorkerLink } from '#libs/partition/dispatch/held-lease.ts';
import { abortToProto, assignmentToProto, noticeToProto, wakeToProto } from '../wire/assignment.ts';
import { durationFromMs } from '../wire/duration.ts';
import type { DownBatch } from './down-batch.ts';
import type { StreamItems } from './stream-items.ts';

/** The way to a worker over its stream. */
export function createWorkLink(
  items: StreamItems,
  batch: DownBatch<WorkResponse>,
  onRevoked: (handle: number) => void,
  onFound: (held: HeldLease) => void,
): WorkerLink {
  return {
    found: onFound,
    assign: (held, facts, hot) => {
      const item = items.assign(held, facts.priority, 'here');
      item.hot = hot;
      held.handle = item.handle;
      batch.open(assignmentBytes(facts)).assign.push(assignmentToProto(item.handle, held, facts));
    },
    wake: (held, events, lastSequence) => {
      batch.open(events.length * 256).wake.push(wakeToProto(held.handle, held, events, lastSequence));
    },
    tell: (held, notice) => {
      batch.open().cancel.push(noticeToProto(held.handle, notice));
    },
    revoke: (held, reason) => {
      const { handle } = held;
      onRevoked(handle);
      batch.open().cancel.push(abortToProto(handle, reason));
    },
    drain: (graceMs, reason, undo) => {
      batch.open().drain = {
        $typeName: 'millrace.state.v1.DrainNotice',
        grace: durationFromMs(graceMs),
        reason,
        undo,
      };
    },
  };
}

/** About what an assignment takes of a message. */
function assignmentBytes({ history, input }: AssignmentFacts): number {
  let bytes = 512 + payloadSize(input);
  for (const event of history) bytes += 128 + ('result' in event ? payloadSize(event.result) : 0);
  return bytes;
}
