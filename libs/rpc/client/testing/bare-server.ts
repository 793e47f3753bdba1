import { create, type DescService, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type StatusObject,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '#gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '#gen/google/rpc/status_pb.ts';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { createChannel, type RpcChannel } from '../channel.ts';
import type { RpcChannelOptions } from '../channel-options.ts';

/** A server of grpc-js and nothing else, for tests of what the client does by itself. */
export interface BareServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Cuts every connection and stops to listen. */
  cut(): void;
}

/** Starts one. The handlers are grpc-js's own, by the method's name in the proto. */
export async function startBareServer(
  handlers: Readonly<Record<string, UntypedHandleCall>>,
  { service = EchoService, port = 0 }: { readonly service?: DescService; readonly port?: number } = {},
): Promise<BareServer> {
  const server = new Server();
  server.addService(definitionOf(service), handlers);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, boundPort) => {
      if (error === null) {
        resolve(boundPort);
      } else {
        reject(error);
      }
    });
  });
  return {
    address: `127.0.0.1:${bound}`,
    port: bound,
    cut: () => server.forceShutdown(),
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

/** A channel to it. */
export function connectTo(
  { address }: { readonly address: string },
  options: Partial<RpcChannelOptions> = {},
): RpcChannel {
  return createChannel({ address, ...options });
}

/** What a status may be made of. */
export interface StatusParts {
  readonly reason?: string;
  readonly domain?: string;
  readonly metadata?: Record<string, string>;
  readonly violations?: readonly { readonly field: string; readonly description: string; readonly reason?: string }[];
  readonly retryAfterMs?: number;
}

/** A status as a server of ours sends it. */
export function statusWith(code: number, details: string, parts: StatusParts = {}): StatusObject {
  const { reason, domain = 'millrace', metadata = {}, violations, retryAfterMs } = parts;
  const packed = [];
  if (reason !== undefined) {
    packed.push(anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain, metadata })));
  }
  if (violations !== undefined) {
    packed.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations: [...violations] })));
  }
  if (retryAfterMs !== undefined) {
    const retryDelay = durationFromMs(retryAfterMs);
    packed.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  const trailers = new Metadata();
  const status = create(StatusSchema, { code, message: details, details: packed });
  trailers.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, status)));
  return { code, details, metadata: trailers };
}

function definitionOf(service: DescService): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map(({ name, methodKind, input, output }) => [
      name,
      {
        path: `/${service.typeName}/${name}`,
        requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
        responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
        requestSerialize: (message: Message) => Buffer.from(toBinary(input, message)),
        requestDeserialize: (bytes: Buffer) => fromBinary(input, bytes),
        responseSerialize: (message: Message) => Buffer.from(toBinary(output, message)),
        responseDeserialize: (bytes: Buffer) => fromBinary(output, bytes),
      },
    ]),
  );
}
