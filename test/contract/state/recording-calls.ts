import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Client, createClient } from '@connectrpc/connect';
import type { Payload, PayloadRef } from '#gen/millrace/common/v1/payload_pb.ts';
import { ControlService } from '#gen/millrace/state/v1/control_service_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import type { AppendEventsResponse } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { PayloadService, type UploadPayloadRequestSchema } from '#gen/millrace/state/v1/payload_service_pb.ts';
import { type Run, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import type { UpdateRunStatusResponse } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { ServedEcho } from '#test/doors/serve-echo.ts';
import { kindsOf } from './event-logs.ts';
import { type RunCalls, runCalls } from './run-calls.ts';
import { type Door, ROOT } from './serve-state.ts';

/** A payload of JSON. */
export function jsonOf(value: unknown): { readonly value: { readonly case: 'json'; readonly value: string } } {
  return { value: { case: 'json', value: JSON.stringify(value) } };
}

/** A payload that was uploaded. */
export interface UploadedPayload {
  readonly value: { readonly case: 'ref'; readonly value: PayloadRef };
}

/** The calls of a remote runtime of one tenant. */
export interface ClientCalls extends RunCalls {
  readonly controls: Client<typeof ControlService>;
  /** Starts a run that its client drives; answers its incarnation. */
  readonly startClient: (runId: string, firstTask?: string) => Promise<string>;
  /** Appends events by their types. */
  readonly append: (runId: string, ...types: readonly string[]) => Promise<AppendEventsResponse>;
  /** The bytes of a payload of a run, wherever they are. */
  readonly bytesOf: (runId: string, payload: Payload | undefined) => Promise<string>;
  /** Uploads JSON; answers the payload that names it. */
  readonly upload: (value: unknown) => Promise<UploadedPayload>;
  readonly setStatus: (runId: string, ...statuses: readonly RunStatus[]) => Promise<UpdateRunStatusResponse>;
  /** The run, with all that can be shown. */
  readonly read: (runId: string, incarnation?: string) => Promise<Run>;
  /** The state document. Undefined: there is none. */
  readonly state: (runId: string, incarnation?: string) => Promise<unknown>;
  /** The whole log with its system records. */
  readonly log: (runId: string) => Promise<Event[]>;
  /** What the log consists of. */
  readonly kinds: (runId: string) => Promise<string[]>;
}

/** The calls of a tenant that no other test has. */
export async function clientCalls(door: Door, served: ServedEcho, ofTenant?: string): Promise<ClientCalls> {
  const calls = await runCalls(door, served, ofTenant);
  const { tenantId, runs, events } = calls;
  const read = async (runId: string, incarnation = ''): Promise<Run> => {
    const { run } = await runs.getRun({ tenantId, runId, incarnation, view: RunView.FULL }, ROOT);
    if (run === undefined) throw new TypeError('GetRun answered no run');
    return run;
  };
  const log = async (runId: string): Promise<Event[]> => {
    const found: Event[] = [];
    let pageToken = '';
    do {
      const page = await events.listEvents({ tenantId, runId, includeSystem: true, pageToken }, ROOT);
      found.push(...page.events);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return found;
  };
  const transport = door.transport(served.addresses);
  const payloads = createClient(PayloadService, transport);
  return {
    ...calls,
    controls: createClient(ControlService, transport),
    startClient: async (runId, firstTask) => {
      const hint = firstTask === undefined ? {} : { firstTask: { taskId: firstTask } };
      const { run } = await calls.start(runId, { driver: Driver.CLIENT, ...hint });
      return run?.incarnation ?? '';
    },
    append: (runId, ...types) =>
      events.appendEvents({ tenantId, runId, events: types.map((type) => ({ type })) }, ROOT),
    bytesOf: async (runId, payload) => {
      if (payload?.value.case !== 'ref') return String(payload?.value.value);
      const parts: Uint8Array[] = [];
      const ref = payload.value.value;
      const { incarnation } = await read(runId);
      for await (const { chunk } of payloads.downloadPayload({ tenantId, runId, incarnation, ref }, ROOT))
        parts.push(chunk);
      return Buffer.concat(parts).toString();
    },
    upload: async (value) => {
      const bytes = Uint8Array.from(Buffer.from(JSON.stringify(value)));
      const messages = async function* (): AsyncGenerator<MessageInitShape<typeof UploadPayloadRequestSchema>> {
        yield { tenantId, size: BigInt(bytes.length) };
        yield { chunk: bytes };
      };
      const { ref } = await payloads.uploadPayload(messages(), ROOT);
      if (ref === undefined) throw new TypeError('UploadPayload answered no reference');
      return { value: { case: 'ref', value: ref } };
    },
    setStatus: async (runId, ...statuses) => {
      let answer: UpdateRunStatusResponse | undefined;
      for (const status of statuses) answer = await runs.updateRunStatus({ tenantId, runId, status }, ROOT);
      if (answer === undefined) throw new TypeError('no status was named');
      return answer;
    },
    read,
    state: async (runId, incarnation) => {
      const { state } = await read(runId, incarnation);
      if (state === undefined) return undefined;
      if (state.value.case !== 'json') throw new TypeError(`the state is ${state.value.case}`);
      return JSON.parse(state.value.value) as unknown;
    },
    log,
    kinds: async (runId) => kindsOf(await log(runId)),
  };
}
