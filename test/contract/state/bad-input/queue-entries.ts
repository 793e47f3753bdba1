import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import type { Reason } from '#libs/errors/reasons.ts';
import { opaque } from '../client-calls.ts';
import { BAD_PAGE, type Entries, NO_RUN, type Refusal, refused, unknownToChanges } from './entry.ts';
import type { World } from './world.ts';

type Named = { readonly itemId?: string; readonly runId?: string; readonly fence?: bigint };

/** What everything about an item is refused for. */
function aboutItem({ item, clientEnded }: World, ofNoRun: Reason = 'ITEM_NOT_FOUND'): readonly Refusal<Named>[] {
  return [
    refused('an item that the run has not', { itemId: 'none' }, 'ITEM_NOT_FOUND'),
    refused('a free item that is not there', { itemId: 'none', runId: '' }, 'ITEM_NOT_FOUND'),
    refused('an item of a run that nobody started', NO_RUN, ofNoRun),
    refused('an item of a run that has ended', { runId: clientEnded.runId }, 'ITEM_NOT_FOUND'),
    refused('another fence', { fence: item.fence + 1n }, 'LEASE_LOST'),
  ];
}

/** The RPCs about queues. */
export const QUEUE_ENTRIES: Entries<typeof QueueService> = {
  enqueueWorkItem: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ itemId: 'fresh', runId, queue: 'q', payload: opaque('x') }),
    refusals: (world) => [
      ...unknownToChanges(world),
      refused('a run that has ended', { runId: world.clientEnded.runId }, 'RUN_TERMINAL'),
    ],
  },
  claimWorkItem: { runs: 'NONE', request: () => ({ workerId: 'x', queues: ['nothing'], wait: durationFromMs(0) }) },
  renewLease: {
    runs: 'CLIENT',
    request: ({ client: { runId }, item: { fence } }) => ({ itemId: 'i', runId, workerId: 'w', fence }),
    refusals: aboutItem,
  },
  completeWorkItem: {
    runs: 'CLIENT',
    request: ({ client: { runId }, item: { fence } }) => ({
      itemId: 'i',
      runId,
      workerId: 'w',
      fence,
      output: opaque('1'),
    }),
    refusals: aboutItem,
  },
  failWorkItem: {
    runs: 'CLIENT',
    request: ({ client: { runId }, item: { fence } }) => ({
      itemId: 'i',
      runId,
      workerId: 'w',
      fence,
      failure: { type: 'Oops' },
    }),
    refusals: aboutItem,
  },
  reclaimExpiredLeases: { runs: 'NONE', request: () => ({ queues: ['nothing'] }) },
  moveToDeadLetter: {
    runs: 'CLIENT',
    request: ({ client: { runId }, item: { fence } }) => ({ itemId: 'i', runId, fence, failure: { type: 'Oops' } }),
    refusals: aboutItem,
  },
  listDeadLetters: { runs: 'NONE', request: () => ({ pageSize: 10 }), refusals: () => BAD_PAGE },
  getDeadLetter: {
    runs: 'NONE',
    request: ({ deadLetterId }) => ({ deadLetterId }),
    refusals: () => [refused('one that is not there', { deadLetterId: 'none' }, 'DEAD_LETTER_NOT_FOUND')],
  },
  requeueDeadLetter: {
    runs: 'NONE',
    request: ({ deadLetterId }) => ({ deadLetterId }),
    refusals: () => [refused('one that is not there', { deadLetterId: 'none' }, 'DEAD_LETTER_NOT_FOUND')],
  },
  purgeDeadLetters: { runs: 'NONE', request: ({ deadLetterId }) => ({ deadLetterIds: [deadLetterId] }) },
  forceRelease: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId, work: { case: 'taskId', value: 'a' } }),
    refusals: ({ client }) => [
      refused('a run that nobody started', NO_RUN, 'RUN_NOT_FOUND'),
      refused('an item that the run has not', { work: { case: 'itemId', value: 'none' } }, 'ITEM_NOT_FOUND'),
      refused('a task that nobody holds', { work: { case: 'taskId', value: 'b' } }, 'LEASE_NOT_FOUND'),
      refused('another fence', { fence: client.fence + 1n }, 'LEASE_LOST'),
    ],
  },
};
