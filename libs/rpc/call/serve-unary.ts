import type { Message } from '@bufbuild/protobuf';
import { acceptRequest, notBuilt, type UndecodedRequest } from './accept-request.ts';
import { admitTenant } from './admit-tenant.ts';
import { authorize } from './authorize.ts';
import type { Call } from './call.ts';

/** Takes a unary call from its request to its handler's answer. */
export async function serveUnary(call: Call, request: Message | UndecodedRequest): Promise<Message> {
  const pending = authorize(call);
  if (pending !== undefined) {
    await pending;
  }
  const accepted = acceptRequest(call, request);
  const unknown = admitTenant(call);
  if (unknown !== undefined) {
    await unknown;
  }
  const { handler } = call.binding;
  if (handler?.kind !== 'unary') {
    throw notBuilt(call.binding);
  }
  return handler.handle(accepted, call);
}
