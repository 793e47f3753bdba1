import { ControlKindSchema } from '#gen/millrace/state/v1/control_pb.ts';
import type { Lease } from '#gen/millrace/state/v1/lease_pb.ts';
import { RunStatusSchema } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { SystemRecord } from '#gen/millrace/state/v1/system_record_pb.ts';
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
  leaseEnded: ({ lease, expired, forced }) => [
    'lease ended',
    lease && leaseText(lease),
    expired ? 'expired' : undefined,
    forced ? 'by force' : undefined,
  ],
  snapshotSaved: ({ version, atSequence, status }) => [
    'snapshot saved',
    `version ${version} at event ${atSequence}`,
    enumName(RunStatusSchema, status),
  ],
  taskResultSaved: ({ taskId }) => ['result saved', taskId],
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
  statePatched: ({ stateVersion }) => ['state changed', `version ${stateVersion}`],
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

function leaseText({ taskId, workerId }: Lease): string {
  return `${taskId} by ${workerId}`;
}
