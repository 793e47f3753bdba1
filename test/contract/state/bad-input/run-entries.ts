import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import type { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { SignalService } from '#gen/millrace/state/v1/signal_service_pb.ts';
import { json } from '../unary-calls.ts';
import { BAD_PAGE, type Entries, NO_RUN, refused, unknownToChanges, unknownToReads } from './entry.ts';
import type { World } from './world.ts';

const NO_UPLOAD = {
  value: { runs: 'NONE', case: 'ref', value: { sha256: new Uint8Array(32), size: 3n, uploadId: 'none' } },
} as const;

/** Controls know only the newest incarnation: one that was replaced is over, and nothing changes it any more. */
function unknownToControls({ client }: World): ReturnType<typeof unknownToReads> {
  const replaced = { incarnation: client.replaced };
  return [...unknownToReads(), refused('an incarnation that was replaced', replaced, 'RUN_NOT_FOUND')];
}

/** The RPCs about runs. */
export const RUN_ENTRIES: Entries<typeof RunService> = {
  startRun: {
    runs: 'NONE',
    request: () => ({ runId: 'fresh', workflow: 'flow', driver: Driver.CLIENT, firstTask: { taskId: 'a' } }),
    refusals: ({ client, server }) => [
      refused('an opaque definition that the server is to drive', { driver: Driver.SERVER }, 'WRONG_DRIVER'),
      refused('the id of an open run', { runId: client.runId }, 'RUN_EXISTS'),
      refused('the id of a run of another definition', { runId: server.runId }, 'DEFINITION_MISMATCH'),
      refused('a workflow that is not stored', { workflow: 'none' }, 'DEFINITION_NOT_FOUND'),
      refused('a version that is not stored', { version: 'none' }, 'DEFINITION_NOT_FOUND'),
      refused('a hash that the definition has not', { definitionHash: 'other' }, 'DEFINITION_MISMATCH'),
      refused('an input that was not uploaded', { input: NO_UPLOAD }, 'PAYLOAD_NOT_FOUND'),
    ],
  },
  session: { runs: 'BOTH', request: ({ client }) => ({ wait: [{ call: 1, runId: client.runId }] }) },
  getRun: { runs: 'BOTH', request: ({ client: { runId } }) => ({ runId }), refusals: unknownToReads },
  listRuns: {
    runs: 'NONE',
    request: () => ({ pageSize: 10 }),
    refusals: () => [
      refused(
        'a page token that nobody was given',
        { start: { case: 'pageToken', value: 'made-up' } },
        'PAGE_TOKEN_INVALID',
      ),
    ],
  },
  countRuns: { runs: 'NONE', request: () => ({}) },
  updateRunStatus: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId, status: RunStatus.RUNNING }),
    refusals: (world) => [
      ...unknownToChanges(world),
      refused('a run that has ended', { runId: world.clientEnded.runId }, 'ILLEGAL_STATUS'),
      refused('a way back', { status: RunStatus.PENDING }, 'ILLEGAL_STATUS'),
    ],
  },
  patchRunState: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId, patch: json('{"a":1}') }),
    refusals: (world) => [
      ...unknownToChanges(world),
      refused('a run that has ended', { runId: world.clientEnded.runId }, 'RUN_TERMINAL'),
      refused('a version that the document has not', { expectedVersion: 99n }, 'VERSION_CONFLICT'),
    ],
  },
  appendRunState: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId, key: 'list', value: json('1') }),
    refusals: (world) => [
      ...unknownToChanges(world),
      refused('a run that has ended', { runId: world.clientEnded.runId }, 'RUN_TERMINAL'),
    ],
  },
  resumeRun: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId }),
    refusals: (world) => [
      ...unknownToControls(world),
      refused('a CLIENT run that goes on', {}, 'NOT_PAUSED'),
      refused('a SERVER run that goes on', { runId: world.server.runId }, 'NOT_PAUSED'),
      refused('a CLIENT run that has ended', { runId: world.clientEnded.runId }, 'NOT_PAUSED'),
      refused('a SERVER run that has ended', { runId: world.serverEnded.runId }, 'NOT_PAUSED'),
    ],
  },
  cancelRun: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId }),
    refusals: (world) => [
      ...unknownToControls(world),
      refused('a CLIENT run that has ended', { runId: world.clientEnded.runId }, 'CANNOT_CANCEL'),
      refused('a SERVER run that has ended', { runId: world.serverEnded.runId }, 'CANNOT_CANCEL'),
    ],
  },
  pauseRun: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId }),
    refusals: (world) => [
      ...unknownToControls(world),
      refused('a CLIENT run that has ended', { runId: world.clientEnded.runId }, 'CANNOT_PAUSE'),
      refused('a SERVER run that has ended', { runId: world.serverEnded.runId }, 'CANNOT_PAUSE'),
    ],
  },
  terminateRun: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId }),
    refusals: (world) => [
      ...unknownToControls(world),
      refused('a CLIENT run that has ended', { runId: world.clientEnded.runId }, 'CANNOT_CANCEL'),
      refused('a SERVER run that has ended', { runId: world.serverEnded.runId }, 'CANNOT_CANCEL'),
    ],
  },
  deleteRun: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId }),
    refusals: () => [refused('a run that nobody started', NO_RUN, 'RUN_NOT_FOUND')],
  },
  waitRun: { runs: 'BOTH', request: ({ clientEnded: { runId } }) => ({ runId }), refusals: unknownToReads },
  watchRun: { runs: 'BOTH', request: ({ clientEnded: { runId } }) => ({ runId }), refusals: unknownToReads },
  explainRun: { runs: 'BOTH', request: ({ client: { runId } }) => ({ runId }), refusals: unknownToReads },
};

/** The RPCs about signals. */
export const SIGNAL_ENTRIES: Entries<typeof SignalService> = {
  sendSignal: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId, name: 'go', payload: json('1') }),
    refusals: ({ clientEnded, serverEnded }) => [
      ...unknownToReads(),
      refused('a CLIENT run that has ended', { runId: clientEnded.runId }, 'RUN_TERMINAL'),
      refused('a SERVER run that has ended', { runId: serverEnded.runId }, 'RUN_TERMINAL'),
      refused('a payload that was not uploaded', { payload: NO_UPLOAD }, 'PAYLOAD_NOT_FOUND'),
    ],
  },
  consumeSignal: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId, name: 'go' }),
    refusals: (world) => [
      ...unknownToChanges(world),
      refused('a run that has ended', { runId: world.clientEnded.runId }, 'RUN_TERMINAL'),
    ],
  },
};

/** The RPCs about logs. */
export const EVENT_LOG_ENTRIES: Entries<typeof EventLogService> = {
  appendEvents: {
    runs: 'CLIENT',
    request: ({ client: { runId } }) => ({ runId, events: [{ type: 'step', data: json('1') }] }),
    refusals: (world) => [
      ...unknownToChanges(world),
      refused('a run that has ended', { runId: world.clientEnded.runId }, 'RUN_TERMINAL'),
      refused('another end of the log', { expectedSequence: 99n }, 'SEQUENCE_CONFLICT'),
    ],
  },
  listEvents: {
    runs: 'BOTH',
    request: ({ client: { runId } }) => ({ runId }),
    refusals: () => [...unknownToReads(), ...BAD_PAGE],
  },
  getLatestSequence: { runs: 'BOTH', request: ({ client: { runId } }) => ({ runId }), refusals: unknownToReads },
  watchEvents: { runs: 'BOTH', request: ({ clientEnded: { runId } }) => ({ runId }), refusals: unknownToReads },
};
