import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { ClaimService } from '#gen/millrace/state/v1/claim_service_pb.ts';
import { ControlKind } from '#gen/millrace/state/v1/control_pb.ts';
import type { ControlService } from '#gen/millrace/state/v1/control_service_pb.ts';
import type { SnapshotService } from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import { opaque } from '../client-calls.ts';
import { BAD_PAGE, type Entries, NO_INCARNATION, NO_RUN, refused, unknownToChanges, unknownToReads } from './entry.ts';

/** The RPCs about claims. */
export const CLAIM_ENTRIES: Entries<typeof ClaimService> = {
  claimTask: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId, taskId: 'a', workerId: 'x' }),
    refusals: (world) => [
      ...unknownToChanges(world),
      refused('a run that has ended', { runId: world.clientEnded.runId }, 'RUN_TERMINAL'),
    ],
  },
  releaseTaskClaim: {
    runs: 'CLIENT',
    request: ({ client: { runId, fence } }) => ({ runId, taskId: 'a', workerId: 'w', fence }),
    refusals: (world) => [
      ...unknownToChanges(world),
      refused('another fence', { fence: world.client.fence + 1n }, 'LEASE_LOST'),
      refused('another worker', { workerId: 'x', fence: undefined }, 'LEASE_LOST'),
      refused('a task that nobody holds', { taskId: 'b', fence: undefined }, 'LEASE_NOT_FOUND'),
      refused('a task that the run has not', { taskId: 'none', fence: undefined }, 'LEASE_NOT_FOUND'),
    ],
  },
  extendTaskClaim: {
    runs: 'CLIENT',
    request: ({ client: { runId, fence } }) => ({
      runId,
      taskId: 'a',
      workerId: 'w',
      fence,
      ttl: durationFromMs(60_000),
    }),
    refusals: (world) => [
      ...unknownToChanges(world),
      refused('another fence', { fence: world.client.fence + 1n }, 'LEASE_LOST'),
      refused('another worker', { workerId: 'x', fence: undefined }, 'LEASE_LOST'),
      refused('a task that nobody holds', { taskId: 'b', fence: undefined }, 'LEASE_NOT_FOUND'),
      refused('a task that the run has not', { taskId: 'none', fence: undefined }, 'LEASE_NOT_FOUND'),
    ],
  },
  findAvailableTasks: { runs: 'NONE', request: () => ({ workerId: 'w', limit: 10 }) },
  watchAvailableTasks: { runs: 'NONE', request: () => ({ workerId: 'w' }) },
};

/** The RPCs about snapshots and results. */
export const SNAPSHOT_ENTRIES: Entries<typeof SnapshotService> = {
  saveSnapshot: {
    runs: 'CLIENT',
    request: ({ client: { runId, fence } }) => ({ runId, payload: opaque('state'), fence, taskId: 'a' }),
    refusals: (world) => [
      refused(
        'an incarnation of a run that nobody started',
        { ...NO_RUN, incarnation: NO_INCARNATION },
        'RUN_NOT_FOUND',
      ),
      refused('an incarnation that no run has', { incarnation: NO_INCARNATION }, 'LEASE_LOST'),
      refused('an incarnation that was replaced', { incarnation: world.client.replaced }, 'LEASE_LOST'),
      refused('another fence', { fence: world.client.fence + 1n }, 'LEASE_LOST'),
      refused('no fence under a live lease', { fence: undefined }, 'LEASE_LOST'),
      refused('a fence of a run that nobody started', { ...NO_RUN }, 'LEASE_LOST'),
      refused('a version that the head has not', { expectedVersion: 99n }, 'VERSION_CONFLICT'),
      refused('another definition', { definitionHash: 'other' }, 'DEFINITION_MISMATCH'),
      refused('a run that has ended', { runId: world.clientEnded.runId, fence: undefined, taskId: '' }, 'RUN_TERMINAL'),
      refused('a late fence of a run that has ended', { runId: world.clientEnded.runId }, 'RUN_TERMINAL'),
      refused('an event that the log has not', { atSequence: 99n }, 'INVALID_FIELDS'),
    ],
  },
  saveTaskResult: {
    runs: 'CLIENT',
    request: ({ client: { runId, fence } }) => ({ runId, taskId: 'a', output: opaque('1'), fence }),
    refusals: (world) => [
      ...unknownToChanges(world),
      refused('another fence', { fence: world.client.fence + 1n }, 'LEASE_LOST'),
      refused('no fence under a live lease', { fence: undefined }, 'LEASE_LOST'),
      refused('a fence of a task that nobody holds', { taskId: 'b' }, 'LEASE_LOST'),
      refused('a run that has ended', { runId: world.clientEnded.runId }, 'RUN_TERMINAL'),
    ],
  },
  loadSnapshot: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId }),
    refusals: () => [
      ...unknownToReads(),
      refused('a version that was never saved', { version: 99n }, 'SNAPSHOT_NOT_FOUND'),
    ],
  },
  deleteSnapshot: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId }),
    refusals: () => [refused('a run that nobody started', NO_RUN, 'RUN_NOT_FOUND')],
  },
  listSnapshots: { runs: 'NONE', request: () => ({ pageSize: 10 }), refusals: () => BAD_PAGE },
  loadTaskResult: { runs: 'BOTH', request: ({ client: { runId } }) => ({ runId, taskId: 'a' }) },
};

/** The RPCs about controls. */
export const CONTROL_ENTRIES: Entries<typeof ControlService> = {
  storeControl: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId, kind: ControlKind.CANCEL }),
    refusals: ({ clientEnded, serverEnded }) => [
      ...unknownToReads(),
      refused('a cancel of a CLIENT run that has ended', { runId: clientEnded.runId }, 'CANNOT_CANCEL'),
      refused('a cancel of a SERVER run that has ended', { runId: serverEnded.runId }, 'CANNOT_CANCEL'),
      refused(
        'a pause of a CLIENT run that has ended',
        { runId: clientEnded.runId, kind: ControlKind.PAUSE },
        'CANNOT_PAUSE',
      ),
    ],
  },
  getControl: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId, kind: ControlKind.CANCEL }),
    refusals: unknownToReads,
  },
  clearControl: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId, kind: ControlKind.CANCEL }),
    refusals: () => [refused('a run that nobody started', NO_RUN, 'RUN_NOT_FOUND')],
  },
  checkAndCancel: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId, taskId: 'a' }),
    refusals: unknownToChanges,
  },
  checkAndPause: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId, taskId: 'a' }),
    refusals: unknownToChanges,
  },
  checkControls: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId, taskId: 'a' }),
    refusals: unknownToChanges,
  },
};
