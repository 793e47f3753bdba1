import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import {
  type SendSignalRequest,
  type SendSignalResponse,
  SendSignalResponseSchema,
} from '#gen/millrace/state/v1/signal_service_pb.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { keepUnborn } from '#libs/partition/serve/unborn-signals.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { needsSettling, settlePayload } from '../payloads/settle-payload.ts';
import { payloadFromProto } from '../wire/payload.ts';
import { errorFromRejection } from '../wire/rejection.ts';
import { statusToProto } from '../wire/status.ts';
import { once } from './once.ts';

/** What came of a signal. */
export interface SentSignal {
  readonly response: SendSignalResponse;
  readonly status: RunStatus;
}

/**
 * Sends a named message to a run: it wakes at once, or the signal is buffered. [33–36]
 *
 * @throws RUN_NOT_FOUND, RUN_TERMINAL, SIGNALS_FULL, REQUEST_ID_REUSED, PAYLOAD_NOT_FOUND, PAYLOAD_TOO_LARGE.
 */
export async function sendSignal(
  context: StateContext,
  call: CallContext,
  request: SendSignalRequest,
): Promise<SentSignal> {
  const { runId, incarnation, name, signalId, allowUnborn, requestId } = request;
  const key = { tenantId: call.tenantId, runId };
  const payload = await payloadOf(context, call, key, request);
  return await once<SentSignal>(context, {
    key,
    rpc: 'SendSignal',
    requestId,
    words: [incarnation, name, signalId, allowUnborn, payload],
    intent: 'sendSignal',
    act: (visit) => {
      const { hot } = visit;
      if (hot === undefined && allowUnborn && incarnation === '') return keepForLater(context, visit, request, payload);
      if (hot === undefined || (incarnation !== '' && hot.identity.incarnation !== incarnation)) {
        throw runNotFound(key, hot === undefined ? '' : incarnation);
      }
      const result = visit.perform({ kind: 'sendSignal', name, signalId, payload });
      if (result.kind === 'rejected') throw errorFromRejection(result.rejection, key);
      const duplicate = result.reply.kind === 'signal' && result.reply.duplicate;
      const response = { duplicate, unborn: false, incarnation: hot.identity.incarnation };
      return { response: create(SendSignalResponseSchema, response), status: statusToProto(hot.run.status) };
    },
    encode: ({ response, status }) => Buffer.concat([Buffer.of(status), toBinary(SendSignalResponseSchema, response)]),
    decode: (bytes) => ({
      status: (bytes[0] ?? RunStatus.UNSPECIFIED) as RunStatus,
      response: fromBinary(SendSignalResponseSchema, bytes.subarray(1)),
    }),
  });
}

function keepForLater(
  { node }: StateContext,
  visit: RunVisit,
  { name, signalId }: SendSignalRequest,
  payload: Payload | undefined,
): SentSignal {
  const { state } = node.partitionOf(visit.key);
  const duplicate = !keepUnborn(visit, state, { name, signalId, payload });
  const response = create(SendSignalResponseSchema, { duplicate, unborn: true });
  return { response, status: RunStatus.UNSPECIFIED };
}

/** The payload as the engine takes it; a large one is brought into the blobs of the run that gets it. */
async function payloadOf(
  context: StateContext,
  { signal }: CallContext,
  key: RunKey,
  { payload, incarnation, allowUnborn }: SendSignalRequest,
): Promise<Payload | undefined> {
  if (payload === undefined || !needsSettling(payload)) return payloadFromProto(payload, 'payload');
  const current = await ask(context.node.partitionOf(key), key, {
    intent: 'read',
    act: ({ hot }) => hot?.identity.incarnation,
  });
  const owner = incarnation || current;
  if (owner !== undefined) return await settlePayload(context, { ...key, incarnation: owner }, payload, signal);
  if (!allowUnborn) throw runNotFound(key);
  if (payload.value.case === 'ref') {
    throw new DomainError('INVALID_FIELDS', 'payload.ref must be of a run that exists', {
      violations: [{ field: 'payload.ref', description: 'must be of a run that exists' }],
    });
  }
  return payloadFromProto(payload, 'payload');
}
