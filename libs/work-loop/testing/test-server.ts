import { create } from '@bufbuild/protobuf';
import { pino } from 'pino';
import {
  DispatchService,
  type WorkRequest,
  type WorkResponse,
  WorkResponseSchema,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createChannel, type RpcChannel } from '#libs/rpc/client/channel.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import { TestDispatch, type TestStream } from './test-dispatch.ts';

/** When a stream is cut: before a message is handled, before its answers leave, or after them. */
export type CutPoint = 'before' | 'between' | 'after';

/** A server with the dispatch of the tests behind a real door, and a way to it. */
export interface TestServer extends AsyncDisposable {
  readonly dispatch: TestDispatch;
  readonly channel: RpcChannel;
  /** Streams that were opened. */
  readonly streams: number;
  /** Streams that are open. */
  readonly openStreams: number;
  /** The most streams that were open at once. */
  readonly mostOpenStreams: number;
  /** Cuts the stream that brings the n-th message (from 1, hellos included). */
  cutAt(message: number, point: CutPoint): void;
  /** Asked for every message, whether to cut the stream that brings it, and when. */
  cutWhen: (message: number) => CutPoint | undefined;
  /** Cuts all streams that are open. */
  cut(): void;
  /** Whether the cut has happened. */
  readonly isCut: boolean;
  /** Refuses hellos with this error. */
  refuseHello: DomainError | undefined;
}

/** Starts one. */
export async function startTestServer(): Promise<TestServer> {
  const dispatch = new TestDispatch();
  const cutters = new Set<() => void>();
  let messages = 0;
  let streams = 0;
  let mostOpen = 0;
  let isCut = false;

  const binding = bindService(DispatchService, {
    work: {
      ping: () => create(WorkResponseSchema, { ping: {} }),
      async handle(requests, context, out) {
        streams += 1;
        let stream: TestStream | undefined;
        let isMuted = false;
        const broken = Promise.withResolvers<never>();
        broken.promise.catch(() => undefined);
        const cut = (): void => {
          isMuted = true;
          broken.reject(new DomainError('UNAVAILABLE', 'cut by the test'));
        };
        cutters.add(cut);
        mostOpen = Math.max(mostOpen, cutters.size);
        const send = (message: WorkResponse): void => {
          if (!isMuted && !context.signal.aborted) void out.send(message);
        };
        const take = (request: WorkRequest): void => {
          messages += 1;
          const point = server.cutWhen(messages);
          if (point !== undefined) isCut = true;
          if (point === 'before') return cut();
          if (point === 'between') cut();
          if (request.hello !== undefined) {
            if (server.refuseHello !== undefined) throw server.refuseHello;
            dispatch.requests.push(request);
            stream = dispatch.greet(request.hello, send);
          } else if (stream !== undefined) {
            dispatch.handle(stream, request);
          }
          if (point === 'after') setImmediate(cut);
          return undefined;
        };
        try {
          await Promise.race([
            broken.promise,
            (async () => {
              for await (const request of requests) take(request);
            })(),
          ]);
        } finally {
          cutters.delete(cut);
          if (stream !== undefined) dispatch.leave(stream);
        }
      },
    },
  });
  const rpc = await createRpcServer({
    services: [binding],
    grpcListen: '127.0.0.1:0',
    httpListen: '127.0.0.1:0',
    authenticator: createDevelopmentAuthenticator(),
    log: pino({ level: 'silent' }),
  });
  const channel = createChannel({ address: rpc.addresses.grpc });
  const server: TestServer = {
    dispatch,
    channel,
    get streams() {
      return streams;
    },
    get openStreams() {
      return cutters.size;
    },
    get mostOpenStreams() {
      return mostOpen;
    },
    get isCut() {
      return isCut;
    },
    refuseHello: undefined,
    cutAt: (message, point) => {
      server.cutWhen = (number) => (number === message ? point : undefined);
    },
    cutWhen: () => undefined,
    cut: () => {
      for (const cut of cutters) cut();
    },
    async [Symbol.asyncDispose]() {
      dispatch.close();
      channel.close();
      await rpc[Symbol.asyncDispose]();
    },
  };
  return server;
}
