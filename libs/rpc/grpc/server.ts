import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  setLogger,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Logger } from '#libs/logger/logger.ts';
import type { CallRuntime } from '../call/runtime.ts';
import { bindError, formatAddress, type ListenAddress } from '../listen-address.ts';
import type { TlsMaterial } from '../server-options.ts';
import type { MethodBinding, ServiceBinding } from '../service-binding.ts';
import { type CallTurns, createCallTurns } from './call-turns.ts';
import { requestDecoder, responseEncoder } from './codec.ts';
import { clientStreamHandler, serverStreamHandler } from './stream.ts';
import { unaryHandler } from './unary.ts';

/** Dead connections are found by HTTP/2 pings of this interval, and gone when no answer comes in the time-out. */
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;

/** The running gRPC door. */
export interface GrpcDoor {
  readonly port: number;
  /** Takes no new call; answers when the running ones have ended. */
  drain(): Promise<void>;
  /** Cuts whatever is left. */
  close(): void;
}

/** Opens the gRPC door. */
export async function openGrpcDoor(
  runtime: CallRuntime,
  services: readonly ServiceBinding[],
  listen: ListenAddress,
  tls: TlsMaterial | undefined,
): Promise<GrpcDoor> {
  const { maxMessageBytes } = runtime.limits;
  logByPino(runtime.log);
  const server = new Server({
    // Twice the limit, so that a message that is a little too large gets an answer which names the limit.
    'grpc.max_receive_message_length': 2 * maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc-node.flow_control_window': 1024 * 1024,
  });
  const turns = createCallTurns();
  for (const { methods } of services) {
    server.addService(definition(methods, maxMessageBytes), implementation(runtime, turns, methods));
  }
  const port = await bind(server, listen, credentials(tls));
  return {
    port,
    drain: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
    close: () => server.forceShutdown(),
  };
}

/** grpc-js would write to standard error, for the whole process, what its callers hear of anyway. */
function logByPino(log: Logger): void {
  const write = (text: string): void => log.debug({ detail: text }, 'grpc-js');
  setLogger({ error: write, info: write, debug: write });
}

function definition(methods: readonly MethodBinding[], maxBytes: number): ServiceDefinition {
  return Object.fromEntries(
    methods.map(({ method, path }) => [
      method.name,
      {
        path,
        requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
        responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
        requestDeserialize: requestDecoder(method.input, maxBytes),
        // Handlers encode: grpc-js would tell a caller of an answer that cannot be encoded in its own words.
        responseSerialize: (bytes: Buffer) => bytes,
        requestSerialize: responseEncoder(method.input, maxBytes),
        responseDeserialize: requestDecoder(method.output, maxBytes),
      },
    ]),
  );
}

function implementation(
  runtime: CallRuntime,
  turns: CallTurns,
  methods: readonly MethodBinding[],
): UntypedServiceImplementation {
  return Object.fromEntries(methods.map((binding) => [binding.method.name, methodHandler(runtime, turns, binding)]));
}

function methodHandler(runtime: CallRuntime, turns: CallTurns, binding: MethodBinding): UntypedHandleCall {
  switch (binding.method.methodKind) {
    case 'unary':
      return unaryHandler(runtime, turns, binding);
    case 'client_streaming':
      return clientStreamHandler(runtime, binding);
    case 'server_streaming':
    case 'bidi_streaming':
      return serverStreamHandler(runtime, binding) as UntypedHandleCall;
  }
}

function credentials(tls: TlsMaterial | undefined): ServerCredentials {
  if (tls === undefined) {
    return ServerCredentials.createInsecure();
  }
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
  const clientCa = tls.clientCa === undefined ? null : Buffer.from(tls.clientCa);
  return ServerCredentials.createSsl(clientCa, [pair], clientCa !== null);
}

function bind(server: Server, listen: ListenAddress, serverCredentials: ServerCredentials): Promise<number> {
  const target = formatAddress(listen.host, listen.port);
  return new Promise((resolve, reject) => {
    server.bindAsync(target, serverCredentials, (error, boundPort) => {
      if (error === null) {
        resolve(boundPort);
      } else {
        reject(bindError(listen, error));
      }
    });
  });
}
