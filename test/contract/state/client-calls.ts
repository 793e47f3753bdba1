import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { type Client, createClient } from '@connectrpc/connect';
import type { AvailableTask } from '#gen/millrace/state/v1/available_task_pb.ts';
import {
  ClaimService,
  type ClaimTaskRequestSchema,
  type ClaimTaskResponse,
  type FindAvailableTasksRequestSchema,
} from '#gen/millrace/state/v1/claim_service_pb.ts';
import { ControlService } from '#gen/millrace/state/v1/control_service_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { Lease } from '#gen/millrace/state/v1/lease_pb.ts';
import type { PositionSchema } from '#gen/millrace/state/v1/position_pb.ts';
import {
  RunService,
  type StartRunRequestSchema,
  type StartRunResponse,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { SignalService } from '#gen/millrace/state/v1/signal_service_pb.ts';
import type { Snapshot } from '#gen/millrace/state/v1/snapshot_pb.ts';
import {
  type SaveSnapshotRequestSchema,
  type SaveSnapshotResponse,
  SnapshotService,
} from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import type { ServedEcho } from '#test/doors/serve-echo.ts';
import { definitionCalls, opaqueOf } from './definition-calls.ts';
import { type Door, newTenant, ROOT } from './serve-state.ts';

type Init<D extends DescMessage> = Exclude<MessageInitShape<D>, { readonly $typeName: string }>;

/** The calls of a remote runtime, in a tenant of its own with the opaque definition `flow`. */
export interface ClientCalls {
  readonly tenantId: string;
  readonly runs: Client<typeof RunService>;
  readonly snapshots: Client<typeof SnapshotService>;
  readonly claims: Client<typeof ClaimService>;
  readonly controls: Client<typeof ControlService>;
  readonly signals: Client<typeof SignalService>;
  readonly events: Client<typeof EventLogService>;
  /** Starts a CLIENT run of `flow`. */
  readonly start: (runId: string, more?: Init<typeof StartRunRequestSchema>) => Promise<StartRunResponse>;
  readonly save: (runId: string, more?: Init<typeof SaveSnapshotRequestSchema>) => Promise<SaveSnapshotResponse>;
  readonly load: (runId: string, version?: bigint) => Promise<Snapshot | undefined>;
  /** Claims task `a` of a run for worker `w`. */
  readonly claim: (runId: string, more?: Init<typeof ClaimTaskRequestSchema>) => Promise<ClaimTaskResponse>;
  /** As `claim`, and the lease has to be given. */
  readonly held: (runId: string, more?: Init<typeof ClaimTaskRequestSchema>) => Promise<Lease>;
  readonly find: (more?: Init<typeof FindAvailableTasksRequestSchema>) => Promise<readonly AvailableTask[]>;
}

/** Bytes that a runtime keeps. */
export function opaque(text: string): { value: { case: 'data'; value: Uint8Array } } {
  return { value: { case: 'data', value: Buffer.from(text) } };
}

/** The text that a payload holds. */
export function textOf(
  payload: { readonly value: { case?: string | undefined; value?: unknown } } | undefined,
): string {
  const value = payload?.value.value;
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
}

/** A position before a task. */
export function atTask(taskId: string): Init<typeof PositionSchema> {
  return { at: { case: 'atTask', value: { taskId } } };
}

/** A position in a fork. */
export function atFork(...openTasks: string[]): Init<typeof PositionSchema> {
  return { at: { case: 'atFork', value: { openTasks } } };
}

/** The calls of a tenant that no other test has. */
export async function clientCalls(
  { transport }: Door,
  served: ServedEcho,
  tenantId: string = newTenant(),
): Promise<ClientCalls> {
  const door = transport(served.addresses);
  const runs = createClient(RunService, door);
  const snapshots = createClient(SnapshotService, door);
  const claims = createClient(ClaimService, door);
  const { put } = definitionCalls({ name: '', transport }, served, tenantId);
  await put(opaqueOf('flow', '1'), { activate: true });
  const calls: ClientCalls = {
    tenantId,
    runs,
    snapshots,
    claims,
    controls: createClient(ControlService, door),
    signals: createClient(SignalService, door),
    events: createClient(EventLogService, door),
    start: (runId, more = {}) =>
      runs.startRun({ workflow: 'flow', driver: Driver.CLIENT, ...more, tenantId, runId }, ROOT),
    save: (runId, more = {}) => snapshots.saveSnapshot({ payload: opaque('state'), ...more, tenantId, runId }, ROOT),
    load: async (runId, version) => {
      const request = { tenantId, runId, ...(version === undefined ? {} : { version }) };
      return (await snapshots.loadSnapshot(request, ROOT)).snapshot;
    },
    claim: (runId, more = {}) => claims.claimTask({ taskId: 'a', workerId: 'w', ...more, tenantId, runId }, ROOT),
    held: async (runId, more = {}) => {
      const { lease } = await calls.claim(runId, more);
      if (lease === undefined) throw new TypeError(`nothing of run ${runId} was given`);
      return lease;
    },
    find: async (more = {}) =>
      (await claims.findAvailableTasks({ workerId: 'w', limit: 100, ...more, tenantId }, ROOT)).tasks,
  };
  return calls;
}
