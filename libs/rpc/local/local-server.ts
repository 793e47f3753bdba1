import type { Message } from '@bufbuild/protobuf';
import { status as Status, type StatusObject } from '@grpc/grpc-js';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { UndecodedRequest } from '../call/accept-request.ts';
import { Call } from '../call/call.ts';
import { endCall, failCall } from '../call/end-call.ts';
import type { CallRuntime } from '../call/runtime.ts';
import { serveStream } from '../call/serve-stream.ts';
import { serveUnary } from '../call/serve-unary.ts';
import { requestDecoder, responseEncoder } from '../grpc/codec.ts';
import { grpcStatus, trailers } from '../grpc/status.ts';
import { DEFAULT_RPC_LIMITS } from '../server-options.ts';
import type { MethodBinding, ServiceBinding } from '../service-binding.ts';
import { LocalCall } from './local-call.ts';

/** What a door within the process is made of. */
export interface LocalServerOptions {
  readonly services: readonly ServiceBinding[];
  readonly log: Logger;
  /** A message or a status is on its way, or has arrived. */
  readonly onActivity: () => void;
}

/** A door within the process: no port, no connection, the handlers and checks of any other door. */
export interface LocalServer {
  /** Makes a call that is not started yet. */
  createCall(path: string, deadline: number, onOver: (call: LocalCall) => void): LocalCall;
  /** Cuts every call and takes none any more. Safe to call again. */
  close(): void;
}

/** Opens a door within the process. Whoever calls may do everything, as in development mode. */
export function createLocalServer({ services, log, onActivity }: LocalServerOptions): LocalServer {
  const runtime: CallRuntime = {
    authenticator: createDevelopmentAuthenticator(),
    limits: DEFAULT_RPC_LIMITS,
    log,
    observer: undefined,
    calls: new Set(),
    isDraining: false,
  };
  const methods = new Map(services.flatMap((service) => service.methods).map((method) => [method.path, method]));
  const open = new Set<LocalCall>();
  let isClosed = false;

  return {
    createCall: (path, deadline, onOver) => {
      let served: Call | undefined;
      const local = new LocalCall(path, deadline, {
        onStart: () => {
          const binding = methods.get(path);
          if (isClosed || binding === undefined) local.cut();
          else served = serve(runtime, binding, local);
        },
        onLeave: () => served?.leave(),
        onActivity,
        onOver: () => {
          open.delete(local);
          onOver(local);
        },
      });
      open.add(local);
      return local;
    },
    close: () => {
      isClosed = true;
      for (const local of open) local.cut();
    },
  };
}

function serve(runtime: CallRuntime, binding: MethodBinding, local: LocalCall): Call {
  const { maxMessageBytes } = runtime.limits;
  const { input, output, methodKind } = binding.method;
  const decode = requestDecoder(input, maxMessageBytes);
  const encode = responseEncoder(output, maxMessageBytes);
  const call = new Call(runtime, binding, local);
  const fail = (error: unknown): void => {
    const status = failCall(call, error);
    if (status !== false) local.finish(grpcStatus(status, call.requestId));
  };
  const succeed = (response: Message | undefined): void => {
    const bytes = response === undefined ? undefined : encode(response);
    if (!endCall(call)) return;
    if (bytes !== undefined) void local.answer(bytes);
    local.finish(okStatus(call.requestId));
  };
  // No generator: one that waits for a request could not be left.
  const requests: AsyncIterator<Message | UndecodedRequest, undefined> = {
    next: async () => {
      const next = await local.next();
      return next.done === true ? next : { done: false, value: decode(next.value) };
    },
    return: async () => ({ done: true, value: undefined }),
  };
  async function work(): Promise<Message | undefined> {
    if (methodKind !== 'unary') {
      return await serveStream(
        call,
        { [Symbol.asyncIterator]: () => requests },
        {
          send: (message) => (call.isEnded ? undefined : local.answer(encode(message))),
        },
      );
    }
    const first = await requests.next();
    if (first.done === true) throw new DomainError('MALFORMED', 'the request is missing');
    return await serveUnary(call, first.value);
  }
  call.onAbort(fail);
  work().then(succeed).catch(fail);
  return call;
}

function okStatus(requestId: string): StatusObject {
  return { code: Status.OK, details: '', metadata: trailers(requestId) };
}
