import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import pino from 'pino';
import {
  type ChatRequestSchema,
  ChatResponseSchema,
  EchoService,
  RepeatResponseSchema,
} from '#gen/millrace/test/v1/echo_service_pb.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import { type IdleProxy, startIdleProxy } from './idle-proxy.ts';

/** The doors that streams go through. */
export type Door = 'grpc' | 'http';
/** A conversation, or a stream of answers only. */
export type StreamKind = 'chat' | 'repeat';

/** How long things take. */
export interface IdleTimes {
  /** The proxy cuts what is idle for this long. */
  readonly cutMs: number;
  /** The server pings a stream that is silent for this long. */
  readonly pingMs: number;
  /** Nobody but the pings says anything for this long. */
  readonly idleMs: number;
}

/** A stream through the proxy that says 1 at its start, and 2 at its end. */
export interface IdleStream extends AsyncDisposable {
  readonly proxy: IdleProxy;
  /** What arrived besides pings. */
  readonly said: readonly number[];
  readonly pings: number;
  /** Settles when the stream is over; rejects when it is cut. */
  readonly over: Promise<void>;
  /** Ends the silence. */
  speak(): void;
}

/** Opens one stream to a server of its own, through a proxy of its own. */
export async function openIdleStream(door: Door, kind: StreamKind, times: IdleTimes): Promise<IdleStream> {
  await using resources = new AsyncDisposableStack();
  const silence = Promise.withResolvers<void>();
  const server = resources.use(await startServer(silence.promise, times.pingMs));
  const proxy = resources.use(await startIdleProxy(server.addresses[door], times.cutMs));
  const client = createEchoClient(door, proxy.address);
  const left = new AbortController();
  resources.defer(() => left.abort());
  const said: number[] = [];
  let pings = 0;

  async function read(): Promise<void> {
    for await (const answer of answers(client, kind, silence.promise, left.signal)) {
      if (answer.ping) {
        pings += 1;
      } else {
        said.push(answer.number);
      }
    }
  }

  const over = read();
  over.catch(() => {});
  const owned = resources.move();
  return {
    proxy,
    said,
    get pings() {
      return pings;
    },
    over,
    speak: silence.resolve,
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

async function startServer(silence: Promise<void>, streamPingMs: number) {
  const binding = bindService(EchoService, {
    repeat: {
      ping: () => create(RepeatResponseSchema, { ping: true }),
      async handle(_request, _context, out) {
        await out.send(create(RepeatResponseSchema, { number: 1 }));
        await silence;
        await out.send(create(RepeatResponseSchema, { number: 2 }));
      },
    },
    chat: {
      ping: () => create(ChatResponseSchema, { ping: true }),
      async handle(requests, _context, out) {
        for await (const { frames } of requests) {
          await out.send(create(ChatResponseSchema, { frames }));
        }
      },
    },
  });
  return await createRpcServer({
    services: [binding],
    grpcListen: '127.0.0.1:0',
    httpListen: '127.0.0.1:0',
    authenticator: createDevelopmentAuthenticator(),
    log: pino({ level: 'silent' }),
    limits: { streamPingMs },
  });
}

function createEchoClient(door: Door, address: string): Client<typeof EchoService> {
  const baseUrl = `http://${address}`;
  const transport =
    door === 'grpc' ? createGrpcTransport({ baseUrl }) : createConnectTransport({ baseUrl, httpVersion: '2' });
  return createClient(EchoService, transport);
}

async function* answers(
  client: Client<typeof EchoService>,
  kind: StreamKind,
  silence: Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<{ readonly ping: boolean; readonly number: number }> {
  if (kind === 'repeat') {
    yield* client.repeat({}, { signal });
    return;
  }
  for await (const { ping, frames } of client.chat(twoBatches(silence), { signal })) {
    yield { ping, number: Number(frames[0]?.sequence ?? 0n) };
  }
}

async function* twoBatches(silence: Promise<void>): AsyncGenerator<MessageInitShape<typeof ChatRequestSchema>> {
  yield { frames: [{ id: 'first', sequence: 1n }] };
  await silence;
  yield { frames: [{ id: 'last', sequence: 2n }] };
}
