import type { MessageInitShape } from '@bufbuild/protobuf';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import type { WorkRequestSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { RawWorker } from '../raw-worker.ts';
import { json, type Leased, signalPark, stepOf } from '../unary-calls.ts';
import { NO_INCARNATION } from './entry.ts';
import type { World } from './world.ts';

type Frames = Exclude<MessageInitShape<typeof WorkRequestSchema>, { $typeName: string }>;

/** One frame of each kind, for handles that name nothing. */
const FRAMES: Frames = {
  steps: [{ handle: 100, ...stepOf(1) }],
  complete: [{ handle: 102, output: json('1') }],
  fail: [{ handle: 104, failure: { type: 'Oops' } }],
  park: [{ handle: 106, ...signalPark(1, 'go') }],
  startChild: [{ handle: 108, ordinal: 1, name: 'child', workflow: 'order' }],
  historyRequest: [{ handle: 110 }],
  extend: [{ handle: 112 }],
  release: [{ handle: 114 }],
  yieldSlot: [{ handle: 116 }],
  withdraw: [{ handle: 118, step: { name: 'wait' } }],
};
const HANDLES: readonly number[] = [100, 102, 104, 106, 108, 110, 112, 114, 116, 118];

/** Sends frames for handles that name nothing, and answers those that were refused as lost. */
export async function sendUnknownHandles(
  worker: RawWorker,
): Promise<{ readonly lost: readonly number[]; readonly all: readonly number[] }> {
  const lost: number[] = [];
  worker.send(FRAMES);
  await worker.until(({ reject }) => {
    lost.push(...reject.filter(({ reason }) => reason === ErrorReason.LEASE_LOST).map(({ handle }) => handle));
    return lost.length >= HANDLES.length ? true : undefined;
  });
  return { lost: lost.toSorted((a, b) => a - b), all: HANDLES };
}

/** Leases that are nobody's, or somebody else's, and what each is, for people. */
export function foreignLeases({ server, serverEnded, client }: World): Readonly<Record<string, Leased>> {
  const { lease } = server;
  return {
    'of another session': lease,
    'under another fence': { ...lease, fence: lease.fence + 1n },
    'of another incarnation': { ...lease, incarnation: NO_INCARNATION },
    'of an item that is not there': { ...lease, itemId: `${lease.incarnation}.99` },
    'of an id that is none': { ...lease, itemId: 'none' },
    'of a run that nobody started': { ...lease, runId: 'none' },
    'of a run that has ended': serverEnded.lease,
    'of a CLIENT run': { ...client, itemId: 'task/a' },
    'of a free item': { ...lease, runId: '' },
  };
}

/** Brings leases along on a stream, and answers which are told to be lost. */
export async function bringAlong(
  worker: RawWorker,
  leases: Readonly<Record<string, Leased>>,
): Promise<readonly string[]> {
  const named = Object.entries(leases).map(([name, { runId, incarnation, itemId, fence }], index) => {
    return { name, handle: 2 * index + 1, lease: { runId, incarnation, itemId, fence } };
  });
  worker.send({ held: named.map(({ handle, lease }) => ({ handle, lease })) });
  const told = new Map<number, boolean>();
  await worker.until(({ held }) => {
    for (const { handle, lost } of held) told.set(handle, lost);
    return told.size === named.length ? true : undefined;
  });
  return named.filter(({ handle }) => told.get(handle) === true).map(({ name }) => name);
}
