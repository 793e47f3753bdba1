import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { Reason } from '#libs/errors/reasons.ts';
import { json, type Leased, signalPark, stepOf } from '../unary-calls.ts';
import { BAD_PAGE, type Entries, NO_INCARNATION, type Refusal, refused, unknownToReads } from './entry.ts';
import type { World } from './world.ts';

/** The lease under which nothing of a CLIENT run is held, because it is not the server's to give. */
function leaseOfClientRun({ client: { runId, incarnation, fence } }: World): { readonly lease: Leased } {
  return { lease: { runId, incarnation, itemId: 'task/a', fence } };
}

/** What every change under a lease is refused for; of a settle, more. */
function underLease(
  { server, serverEnded }: World,
  ended: Reason = 'RUN_TERMINAL',
  ofNoRun: Reason = 'RUN_NOT_FOUND',
): readonly Refusal<{ readonly lease?: Leased }>[] {
  const { lease } = server;
  return [
    refused('a run that nobody started', { lease: { ...lease, runId: 'none' } }, ofNoRun),
    refused('another incarnation', { lease: { ...lease, incarnation: NO_INCARNATION } }, 'LEASE_LOST'),
    refused('another fence', { lease: { ...lease, fence: lease.fence + 1n } }, 'LEASE_LOST'),
    refused('a run that has ended, under another fence', { lease: { ...serverEnded.lease, fence: 1n } }, ended),
  ];
}

/** The RPCs about work. */
export const DISPATCH_ENTRIES: Entries<typeof DispatchService> = {
  work: {
    runs: 'NONE',
    request: () => ({ hello: { workerId: 'w-9', protocol: 1, definitions: [{ workflow: 'order', version: '1' }] } }),
  },
  pollWork: {
    runs: 'NONE',
    request: () => ({
      workerId: 'w-2',
      definitions: [{ workflow: 'order', version: '1' }],
      wait: durationFromMs(0),
    }),
  },
  recordSteps: {
    runs: 'SERVER',
    onOther: leaseOfClientRun,
    request: ({ server: { lease } }) => ({ lease, steps: [stepOf(1)] }),
    refusals: (world) => [...underLease(world), refused('a gap', { steps: [stepOf(9)] }, 'STEPS_MISSING')],
  },
  parkWork: {
    runs: 'SERVER',
    onOther: leaseOfClientRun,
    request: ({ server: { lease } }) => ({ lease, parks: [signalPark(1, 'go')] }),
    refusals: (world) => [...underLease(world), refused('a gap', { parks: [signalPark(9, 'go')] }, 'STEPS_MISSING')],
  },
  startChild: {
    runs: 'SERVER',
    onOther: leaseOfClientRun,
    request: ({ server: { lease } }) => ({ lease, child: { ordinal: 1, name: 'child', workflow: 'order' } }),
    refusals: (world) => [
      ...underLease(world),
      refused('a gap', { child: { ordinal: 9, name: 'child', workflow: 'order' } }, 'STEPS_MISSING'),
    ],
  },
  getHistory: {
    runs: 'SERVER',
    request: ({ server: { runId } }) => ({ runId }),
    refusals: () => [...unknownToReads(), ...BAD_PAGE],
  },
  completeWork: {
    runs: 'SERVER',
    onOther: leaseOfClientRun,
    request: ({ server: { lease } }) => ({ lease, completion: { stepCount: 0, output: json('1') } }),
    refusals: (world) => [
      ...underLease(world),
      refused('steps that the log has not', { completion: { stepCount: 9 } }, 'STEPS_MISSING'),
    ],
  },
  failWork: {
    runs: 'SERVER',
    onOther: leaseOfClientRun,
    request: ({ server: { lease } }) => ({ lease, failure: { failure: { type: 'Oops' } } }),
    refusals: (world) => [
      ...underLease(world),
      refused('steps that the log has not', { failure: { stepCount: 9, failure: { type: 'Oops' } } }, 'STEPS_MISSING'),
    ],
  },
  extendWork: {
    runs: 'NONE',
    request: ({ server: { lease } }) => ({ extensions: [{ lease, ttl: durationFromMs(86_400_000) }] }),
  },
  releaseWork: {
    runs: 'SERVER',
    onOther: leaseOfClientRun,
    request: ({ server: { lease } }) => ({ lease }),
    refusals: (world) => underLease(world, 'LEASE_LOST', 'ITEM_NOT_FOUND'),
  },
  listWorkers: { runs: 'NONE', request: () => ({ pageSize: 10 }), refusals: () => BAD_PAGE },
  drainWorker: {
    runs: 'NONE',
    request: () => ({ workerId: 'w-none' }),
    refusals: () => [refused('a worker that is not connected', {}, 'WORKER_NOT_FOUND')],
  },
};
