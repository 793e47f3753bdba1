import { randomBytes } from 'node:crypto';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { type CallOptions, type Client, createClient } from '@connectrpc/connect';
import {
  type CompleteWorkRequestSchema,
  type CompleteWorkResponse,
  DispatchService,
  type ParkWorkRequestSchema,
  type ParkWorkResponse,
  type PollWorkRequestSchema,
  type RecordStepsRequestSchema,
  type RecordStepsResponse,
  type WorkExtended,
  type WorkExtensionSchema,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { type Run, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import { RunService, type StartRunRequestSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { SignalService } from '#gen/millrace/state/v1/signal_service_pb.ts';
import type { Assignment } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { ParkSchema, StepRecordSchema } from '#gen/millrace/state/v1/work_up_pb.ts';
import { incarnationFrom } from '#libs/partition/runs/incarnation.ts';
import type { ServedEcho } from '#test/doors/serve-echo.ts';
import { type DefinitionInit, definitionCalls, functionOf } from './definition-calls.ts';
import { type Door, newTenant, ROOT } from './serve-state.ts';

/** The fields of a message, as a test names them. */
type Init<S extends DescMessage> = Exclude<MessageInitShape<S>, MessageShape<S>>;

/** What names a lease. */
export type Leased = Pick<Assignment, 'runId' | 'incarnation' | 'itemId' | 'fence'>;

/** A payload of JSON. */
export function json(value: string): { readonly value: { readonly case: 'json'; readonly value: string } } {
  return { value: { case: 'json', value } };
}

/** A session that nobody else has. */
export function newSession(): string {
  return incarnationFrom(Date.now(), randomBytes(10));
}

/** The lease of an assignment. */
export function leaseOf({ runId, incarnation, itemId, fence }: Leased): Leased {
  return { runId, incarnation, itemId, fence };
}

/** A step with a result. */
export function stepOf(ordinal: number, value = '1', name = 'step'): Init<typeof StepRecordSchema> {
  return { ordinal, name, occurrence: ordinal - 1, record: { case: 'result', value: json(value) } };
}

/** A wait for a signal. */
export function signalPark(ordinal: number, name: string): Init<typeof ParkSchema> {
  return { ordinal, name: 'wait', occurrence: ordinal - 1, wait: { case: 'signal', value: { name } } };
}

/** A worker of one tenant that speaks by unary calls alone, and its clients. */
export interface UnaryCalls {
  readonly tenantId: string;
  readonly dispatch: Client<typeof DispatchService>;
  readonly runs: Client<typeof RunService>;
  readonly signals: Client<typeof SignalService>;
  /** Stores a function and makes it active. */
  readonly put: (workflow: string, more?: Partial<DefinitionInit>) => Promise<void>;
  /** Starts a run of `order`. */
  readonly start: (runId: string, more?: Init<typeof StartRunRequestSchema>) => Promise<void>;
  readonly read: (runId: string) => Promise<Run | undefined>;
  /** Polls once as `w-1` for `order@1`, without a wait, where nothing else is said. */
  readonly poll: (more?: Init<typeof PollWorkRequestSchema>, options?: CallOptions) => Promise<readonly Assignment[]>;
  /** Waits for one assignment. */
  readonly take: (more?: Init<typeof PollWorkRequestSchema>) => Promise<Assignment>;
  readonly record: (
    assignment: Leased,
    steps: Init<typeof StepRecordSchema>[],
    more?: Init<typeof RecordStepsRequestSchema>,
  ) => Promise<RecordStepsResponse>;
  readonly park: (
    assignment: Leased,
    parks: Init<typeof ParkSchema>[],
    more?: Init<typeof ParkWorkRequestSchema>,
  ) => Promise<ParkWorkResponse>;
  readonly complete: (
    assignment: Leased,
    stepCount: number,
    output?: string,
    more?: Init<typeof CompleteWorkRequestSchema>,
  ) => Promise<CompleteWorkResponse>;
  /** Extends one lease. */
  readonly extend: (assignment: Leased, more?: Init<typeof WorkExtensionSchema>) => Promise<WorkExtended>;
  /** The kinds of the events of a run, in order. */
  readonly kinds: (runId: string) => Promise<readonly (string | undefined)[]>;
}

/** The calls of a tenant that no other test has, which has the function `order`. */
export async function unaryCalls(
  { transport }: Door,
  served: ServedEcho,
  tenantId: string = newTenant(),
): Promise<UnaryCalls> {
  const door = transport(served.addresses);
  const dispatch = createClient(DispatchService, door);
  const runs = createClient(RunService, door);
  const { put } = definitionCalls({ name: '', transport }, served, tenantId);
  const poll: UnaryCalls['poll'] = async (more = {}, options = {}) => {
    const definitions = [{ workflow: 'order', version: '1' }];
    const request = { workerId: 'w-1', definitions, wait: { seconds: 0n }, ...more, tenantId };
    return (await dispatch.pollWork(request, { ...ROOT, ...options })).assignments;
  };
  const calls: UnaryCalls = {
    tenantId,
    dispatch,
    runs,
    signals: createClient(SignalService, door),
    put: async (workflow, more = {}) => {
      await put(functionOf(workflow, '1', more), { activate: true });
    },
    start: async (runId, more = {}) => {
      await runs.startRun({ workflow: 'order', ...more, tenantId, runId }, ROOT);
    },
    read: async (runId) => (await runs.getRun({ tenantId, runId, view: RunView.FULL }, ROOT)).run,
    poll,
    take: async (more = {}) => {
      const [assignment] = await poll({ wait: { seconds: 20n }, ...more });
      if (assignment === undefined) throw new TypeError('no work came');
      return assignment;
    },
    record: (assignment, steps, more = {}) =>
      dispatch.recordSteps({ ...more, tenantId, lease: leaseOf(assignment), steps }, ROOT),
    park: (assignment, parks, more = {}) =>
      dispatch.parkWork({ ...more, tenantId, lease: leaseOf(assignment), parks }, ROOT),
    complete: (assignment, stepCount, output = 'null', more = {}) => {
      const completion = { stepCount, output: json(output) };
      return dispatch.completeWork({ ...more, tenantId, lease: leaseOf(assignment), completion }, ROOT);
    },
    extend: async (assignment, more = {}) => {
      const extensions = [{ ...more, lease: leaseOf(assignment) }];
      const { results } = await dispatch.extendWork({ tenantId, extensions }, ROOT);
      const [result] = results;
      if (result === undefined) throw new TypeError('there is no result');
      return result;
    },
    kinds: async (runId) => {
      const { events } = await dispatch.getHistory({ tenantId, runId, pageSize: 1_000 }, ROOT);
      return events.map(({ kind }) => kind.case);
    },
  };
  await calls.put('order');
  return calls;
}
