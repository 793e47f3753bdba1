import { ControlKindSchema } from '#gen/millrace/state/v1/control_pb.ts';
import { DeadLetterReasonSchema } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import type { Lease } from '#gen/millrace/state/v1/lease_pb.ts';
import { RunStatusSchema } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { SystemRecord, WorkOffered } from '#gen/millrace/state/v1/system_record_pb.ts';
import { enumName } from '../json/message-json.ts';
import { failureText } from './names.ts';
import { shortPayload } from './payload-text.ts';

/** What happened, and then what there is to say about it. */
type RecordParts = readonly [name: string, ...details: (string | undefined)[]];
type Kind = Exclude<SystemRecord['kind'], { case: undefined }>;
type Parts = { readonly [C in Kind['case']]: (value: Extract<Kind, { case: C }>['value']) => RecordParts };

const PARTS: Parts = {
  started: ({ workflow, version, input }) => ['started', `${workflow} ${version}`, shortPayload(input)],
  leaseGranted: (lease) => ['lease granted', leaseText(lease)],
  leaseExtended: (lease) => ['lease extended', leaseText(lease)],
  leaseEnded: ({ expired, forced, failure, reason, ...lease }) => [
    'lease ended',
    leaseText(lease),
    expired ? 'expired' : undefined,
    forced ? 'by force' : undefined,
    expired ? undefined : failureText(failure),
    reason,
  ],
  snapshotSaved: ({ version, atSequence, status }) => [
    'snapshot saved',
    `version ${version} at event ${atSequence}`,
    enumName(RunStatusSchema, status),
  ],
  taskResultSaved: ({ taskId, itemId, workerId, output }) => [
    'result saved',
    taskId || itemId,
    workerId === '' ? undefined : `by ${workerId}`,
    shortPayload(output),
  ],
  positionSet: () => ['position set'],
  workOffered: (work) => ['offered', ...workParts(work)],
  workEnqueued: (work) => ['enqueued', ...workParts(work)],
  workWithdrawn: ({ taskId, itemId }) => ['withdrawn', taskId || itemId],
  workDied: ({ taskId, itemId, deadLetterId, reason, failure }) => [
    'dead letter',
    taskId || itemId,
    deadLetterId,
    enumName(DeadLetterReasonSchema, reason),
    failureText(failure),
  ],
  workRequeued: ({ taskId, itemId, requestedBy }) => ['requeued', taskId || itemId, requestedBy],
  workPurged: ({ taskId, itemId, requestedBy }) => ['purged', taskId || itemId, requestedBy],
  controlRequested: ({ control }) => [
    'control requested',
    control && enumName(ControlKindSchema, control.kind),
    control?.requestedBy,
    control?.reason,
  ],
  controlCleared: ({ kind }) => ['control cleared', enumName(ControlKindSchema, kind)],
  statusChanged: ({ fromStatus, toStatus, reason }) => [
    'status changed',
    `${enumName(RunStatusSchema, fromStatus)} to ${enumName(RunStatusSchema, toStatus)}`,
    reason,
  ],
  signalReceived: ({ signal }) => ['signal received', signal?.name, signal && shortPayload(signal.payload)],
  signalConsumed: ({ name, payload }) => ['signal consumed', name, shortPayload(payload)],
  statePatched: ({ stateVersion, key }) => ['state changed', `version ${stateVersion}`, key],
  ended: ({ status, output, failure, reason }) => [
    'ended',
    enumName(RunStatusSchema, status),
    shortPayload(output),
    failureText(failure),
    reason,
  ],
  attributesSet: ({ attributes, removed }) => ['attributes set', [...Object.keys(attributes), ...removed].join(', ')],
};

/** A system record by what happened, with its details. */
export function systemRecordParts({ kind }: SystemRecord): RecordParts {
  return kind.case === undefined ? ['newer than this program'] : PARTS[kind.case](kind.value as never);
}

function leaseText({ taskId, itemId, workerId }: Pick<Lease, 'taskId' | 'itemId' | 'workerId'>): string {
  return workerId === '' ? taskId || itemId : `${taskId || itemId} by ${workerId}`;
}

function workParts({ taskId, itemId, attempt, queue }: WorkOffered): readonly (string | undefined)[] {
  return [taskId || itemId, `attempt ${attempt}`, queue === '' ? undefined : `queue ${queue}`];
}
