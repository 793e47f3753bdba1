import type { Payload as PayloadMessage } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { needsSettling, settlePayload } from '../payloads/settle-payload.ts';
import { payloadFromProto } from '../wire/payload.ts';

/**
 * A payload as the engine takes it. A large one is brought into the blobs of the run first, which has to be there.
 *
 * @throws RUN_NOT_FOUND, PAYLOAD_NOT_FOUND, PAYLOAD_TOO_LARGE.
 */
export function settleForRun(
  context: StateContext,
  { signal }: Pick<CallContext, 'signal'>,
  key: RunKey,
  incarnation: string,
  payload: PayloadMessage | undefined,
  field: string,
): Payload | undefined | Promise<Payload> {
  if (payload === undefined || !needsSettling(payload)) return payloadFromProto(payload, field);
  return settle(context, signal, key, incarnation, payload);
}

async function settle(
  context: StateContext,
  signal: AbortSignal,
  key: RunKey,
  incarnation: string,
  payload: PayloadMessage,
): Promise<Payload> {
  const owner = incarnation === '' ? await newestIncarnation(context, key) : incarnation;
  if (owner === undefined) throw runNotFound(key);
  return await settlePayload(context, { ...key, incarnation: owner }, payload, signal);
}

/** The newest incarnation under an id. Undefined: there is none. */
export async function newestIncarnation({ node }: StateContext, key: RunKey): Promise<string | undefined> {
  return await ask(node.partitionOf(key), key, { intent: 'read', act: ({ hot }) => hot?.identity.incarnation });
}
