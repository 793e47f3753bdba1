import type { Message } from '@bufbuild/protobuf';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Outbound } from '../handler.ts';
import { acceptRequest, notBuilt, type UndecodedRequest } from './accept-request.ts';
import { admitTenant } from './admit-tenant.ts';
import { authorize } from './authorize.ts';
import type { Call } from './call.ts';
import { keepStreamAlive } from './stream-life.ts';

/** Takes a stream from its first message to its handler's end; answers the message of a client stream. */
export async function serveStream(
  call: Call,
  requests: AsyncIterable<Message | UndecodedRequest>,
  out: Outbound<Message>,
): Promise<Message | undefined> {
  const pending = authorize(call);
  if (pending !== undefined) {
    await pending;
  }
  const { handler } = call.binding;
  switch (handler?.kind) {
    case 'server_streaming': {
      const request = await onlyRequest(call, requests);
      const life = keepStreamAlive(call, out, handler.ping);
      try {
        await handler.handle(request, call, life.out);
      } finally {
        life.end();
      }
      return undefined;
    }
    case 'bidi_streaming': {
      const life = keepStreamAlive(call, out, handler.ping);
      try {
        await handler.handle(new AcceptedRequests(call, requests), call, life.out);
      } finally {
        life.end();
      }
      return undefined;
    }
    case 'client_streaming':
      return await handler.handle(new AcceptedRequests(call, requests), call);
    default:
      await firstRequest(call, requests);
      throw notBuilt(call.binding);
  }
}

/** Every message of a stream passes the same checks as a unary request. */
class AcceptedRequests implements AsyncIterable<Message> {
  readonly #call: Call;
  readonly #requests: AsyncIterable<Message | UndecodedRequest>;

  constructor(call: Call, requests: AsyncIterable<Message | UndecodedRequest>) {
    this.#call = call;
    this.#requests = requests;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    const iterator = this.#requests[Symbol.asyncIterator]();
    const call = this.#call;
    return {
      async next(): Promise<IteratorResult<Message, undefined>> {
        const result = await iterator.next();
        if (result.done === true) {
          return { done: true, value: undefined };
        }
        const value = acceptRequest(call, result.value);
        const unknown = admitTenant(call);
        if (unknown !== undefined) {
          await unknown;
        }
        return { done: false, value };
      },
      async return(): Promise<IteratorResult<Message, undefined>> {
        await iterator.return?.();
        return { done: true, value: undefined };
      },
    };
  }
}

async function firstRequest(
  call: Call,
  requests: AsyncIterable<Message | UndecodedRequest>,
): Promise<Message | undefined> {
  for await (const request of requests) {
    const accepted = acceptRequest(call, request);
    const unknown = admitTenant(call);
    if (unknown !== undefined) {
      await unknown;
    }
    return accepted;
  }
  return undefined;
}

async function onlyRequest(call: Call, requests: AsyncIterable<Message | UndecodedRequest>): Promise<Message> {
  const request = await firstRequest(call, requests);
  if (request === undefined) {
    throw new DomainError('MALFORMED', 'the request is missing');
  }
  return request;
}
