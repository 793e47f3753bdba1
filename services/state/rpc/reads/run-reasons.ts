import { create } from '@bufbuild/protobuf';
import { BlockerSchema } from '#gen/millrace/state/v1/blocker_pb.ts';
import { TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import type { Pause } from '#libs/engine/model/run.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { RunQuarantined } from '#libs/partition/state/partition-event.ts';
import { controlToProto } from '../wire/control.ts';
import { failureToProto } from '../wire/failure.ts';
import { statusToProto } from '../wire/status.ts';
import { timestampFromTime } from '../wire/timestamp.ts';
import { momentOf, type Reason, SEVERITY } from './reason.ts';
import type { RunSight } from './run-sight.ts';
import { failureWords } from './wait-reason.ts';

/** That the run has ended, and how. */
export function endReason({ status, failure, eventTime, requestedBy, reason }: NonNullable<HotRun['ended']>): Reason {
  const by = requestedBy === '' ? '' : ` by ${requestedBy}`;
  const why = failure === undefined ? (reason === '' ? '' : `: ${reason}`) : ` with ${failureWords(failure)}`;
  return {
    severity: SEVERITY.ended,
    blocker: create(BlockerSchema, {
      sinceTime: timestampFromTime(eventTime),
      kind: {
        case: 'ended',
        value: {
          status: statusToProto(status),
          ...(failure === undefined ? {} : { failure: failureToProto(failure) }),
        },
      },
    }),
    words: `the run ended ${status} at ${momentOf(eventTime)}${by}${why}`,
  };
}

/** That somebody holds the run. */
export function pauseReason({ requestedBy, reason, sinceTime }: Pause): Reason {
  const pauseTime = timestampFromTime(sinceTime);
  const by = requestedBy === '' ? '' : ` by ${requestedBy}`;
  const why = reason === '' ? '' : ` (${reason})`;
  return {
    severity: SEVERITY.paused,
    blocker: create(BlockerSchema, {
      sinceTime: pauseTime,
      kind: { case: 'paused', value: { requestedBy, reason, pauseTime } },
    }),
    words: `the run has been paused${by} since ${momentOf(sinceTime)}${why}; resume it to let it go on`,
  };
}

/** That nothing of the tenant is dispatched. */
export function tenantReason(status: TenantStatus): Reason {
  const word = status === TenantStatus.ARCHIVED ? 'archived' : 'suspended';
  return {
    severity: SEVERITY.tenant,
    blocker: create(BlockerSchema, { kind: { case: 'tenant', value: { status } } }),
    words: `the tenant is ${word}: nothing of it is given to workers until it is active again`,
  };
}

/** That the runtime of a CLIENT run is to act, and what it has not heard of yet. */
export function clientReasons({ hot, pendingControls }: RunSight): readonly Reason[] {
  if (hot.identity.driver !== 'CLIENT') return [];
  const controls = pendingControls.map((control): Reason => {
    const call = control.kind === 'CANCEL' ? 'CheckAndCancel' : 'CheckAndPause';
    return {
      severity: SEVERITY.pendingControl,
      blocker: create(BlockerSchema, {
        sinceTime: timestampFromTime(control.requestTime),
        kind: { case: 'pendingControl', value: { control: controlToProto(control) } },
      }),
      words: `a ${control.kind} takes effect when the runtime of the run calls ${call}`,
    };
  });
  const client: Reason = {
    severity: SEVERITY.client,
    blocker: create(BlockerSchema, { kind: { case: 'client', value: {} } }),
    words: 'the runtime that drives the run is to act',
  };
  return [...controls, client];
}

/** That the run is not served, because its log could not be folded, or its rows not be written. */
export function quarantineReason({ message, time }: RunQuarantined): Reason {
  return {
    severity: SEVERITY.quarantined,
    blocker: create(BlockerSchema, {
      sinceTime: timestampFromTime(time),
      kind: { case: 'quarantined', value: { message } },
    }),
    words: `the run is quarantined (${message}); it is tried again with every take-over`,
  };
}

/** That nobody serves the partition of the run, or that `owner` cannot read its records. */
export function partitionReason(partition: number, owner: string, faulted: boolean): Reason {
  const has = `partition ${partition}, which has the run,`;
  return {
    severity: faulted ? SEVERITY.partitionFaulted : SEVERITY.partition,
    blocker: create(BlockerSchema, { kind: { case: 'partition', value: { partition, faulted, owner } } }),
    words: faulted
      ? `${has} has records that cannot be read: none of its runs moves until an operator repairs them`
      : `${has} has no owner at this moment; a node takes it over within seconds`,
  };
}
