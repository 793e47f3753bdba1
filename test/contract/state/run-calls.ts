import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Client, createClient } from '@connectrpc/connect';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { Run } from '#gen/millrace/state/v1/run_pb.ts';
import {
  type ListRunsRequestSchema,
  type ListRunsResponse,
  RunService,
  type StartRunRequestSchema,
  type StartRunResponse,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { SignalService } from '#gen/millrace/state/v1/signal_service_pb.ts';
import type { ServedEcho } from '#test/doors/serve-echo.ts';
import { definitionCalls, functionOf } from './definition-calls.ts';
import { openRawWorker, type RawWorker, type RawWorkerOptions } from './raw-worker.ts';
import { type Door, newTenant, ROOT } from './serve-state.ts';

type StartInit = Exclude<MessageInitShape<typeof StartRunRequestSchema>, { $typeName: string }>;
type ListInit = Exclude<MessageInitShape<typeof ListRunsRequestSchema>, { $typeName: string }>;

/** The calls about runs of one tenant. */
export interface RunCalls {
  readonly tenantId: string;
  readonly runs: Client<typeof RunService>;
  readonly events: Client<typeof EventLogService>;
  readonly dispatch: Client<typeof DispatchService>;
  readonly signals: Client<typeof SignalService>;
  /** Stores a function and makes it active. */
  readonly put: (workflow: string, version?: string) => Promise<void>;
  /** Starts a run of `order`. */
  readonly start: (runId: string, more?: StartInit) => Promise<StartRunResponse>;
  readonly list: (request?: ListInit) => Promise<ListRunsResponse>;
  /** Connects a worker that runs `order@1` where nothing else is said. */
  readonly worker: (workerId: string, more?: Partial<RawWorkerOptions>) => Promise<RawWorker>;
}

/** The calls of a tenant that no other test has, which has the function `order`. */
export async function runCalls(
  { transport }: Door,
  served: ServedEcho,
  tenantId: string = newTenant(),
): Promise<RunCalls> {
  const door = transport(served.addresses);
  const runs = createClient(RunService, door);
  const { put } = definitionCalls({ name: '', transport }, served, tenantId);
  const calls: RunCalls = {
    tenantId,
    runs,
    events: createClient(EventLogService, door),
    dispatch: createClient(DispatchService, door),
    signals: createClient(SignalService, door),
    put: async (workflow, version = '1') => {
      await put(functionOf(workflow, version), { activate: true });
    },
    start: (runId, more = {}) => runs.startRun({ workflow: 'order', ...more, tenantId, runId }, ROOT),
    list: (request = {}) => runs.listRuns({ ...request, tenantId }, ROOT),
    worker: (workerId, more = {}) =>
      openRawWorker(served.addresses, { definitions: ['order@1'], ...more, tenantId, workerId }),
  };
  await calls.put('order');
  return calls;
}

/** The ids of runs. */
export function idsOf(runs: readonly Run[]): string[] {
  return runs.map(({ runId }) => runId);
}
