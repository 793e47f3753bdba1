import type { Payload as PayloadProto } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { StateContext } from '../context.ts';
import { needsSettling, settlePayload } from '../payloads/settle-payload.ts';
import { payloadFromProto } from '../wire/payload.ts';
import { itemNotFound } from './change-item.ts';
import { type ItemName, itemPlaceOf } from './item-key.ts';

/**
 * A payload about an item that is there; a large one is brought into the blobs of the item's run first.
 *
 * @throws ITEM_NOT_FOUND, PAYLOAD_NOT_FOUND, PAYLOAD_TOO_LARGE, INVALID_FIELDS naming the field.
 */
export async function itemPayload(
  context: StateContext,
  { tenantId, signal }: CallContext,
  name: ItemName,
  payload: PayloadProto | undefined,
  field: string,
): Promise<Payload | undefined> {
  if (payload === undefined || !needsSettling(payload)) return payloadFromProto(payload, field);
  const { key } = itemPlaceOf(tenantId, name);
  const incarnation = await ask(context.node.partitionOf(key), key, {
    intent: 'read',
    act: ({ hot }) => hot?.identity.incarnation,
  });
  if (incarnation === undefined) throw itemNotFound(name);
  return await settlePayload(context, { ...key, incarnation }, payload, signal);
}
