import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { createConnectTransport as createFetchTransport } from '@connectrpc/connect-web';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';

/** A door and a way to speak with it. */
export interface Protocol {
  readonly name: string;
  readonly door: 'grpc' | 'http';
  readonly transport: (addresses: RpcAddresses) => Transport;
  /** The header that gives a call a deadline. */
  readonly deadlineHeader: (ms: number) => Readonly<Record<string, string>>;
  /** What it can carry besides unary calls and server streams. */
  readonly carries: { readonly clientStream: boolean; readonly bidi: boolean };
}

const connectTimeout = (ms: number): Record<string, string> => ({ 'connect-timeout-ms': String(ms) });
const grpcTimeout = (ms: number): Record<string, string> => ({ 'grpc-timeout': `${ms}m` });
const ALL = { clientStream: true, bidi: true };
const NO_BIDI = { clientStream: true, bidi: false };

/** Every way through the doors. */
export const PROTOCOLS: readonly Protocol[] = [
  {
    name: 'gRPC',
    door: 'grpc',
    deadlineHeader: grpcTimeout,
    transport: ({ grpc }) => createGrpcTransport({ baseUrl: `http://${grpc}` }),
    carries: ALL,
  },
  {
    name: 'Connect over HTTP/1.1',
    door: 'http',
    deadlineHeader: connectTimeout,
    transport: ({ http }) => createConnectTransport({ baseUrl: `http://${http}`, httpVersion: '1.1' }),
    carries: NO_BIDI,
  },
  {
    name: 'Connect over h2c',
    door: 'http',
    deadlineHeader: connectTimeout,
    transport: ({ http }) => createConnectTransport({ baseUrl: `http://${http}`, httpVersion: '2' }),
    carries: ALL,
  },
  {
    name: 'gRPC-Web over HTTP/1.1',
    door: 'http',
    deadlineHeader: grpcTimeout,
    transport: ({ http }) => createGrpcWebTransport({ baseUrl: `http://${http}`, httpVersion: '1.1' }),
    carries: NO_BIDI,
  },
  {
    name: 'gRPC-Web over h2c',
    door: 'http',
    deadlineHeader: grpcTimeout,
    transport: ({ http }) => createGrpcWebTransport({ baseUrl: `http://${http}`, httpVersion: '2' }),
    carries: ALL,
  },
  {
    name: 'JSON by fetch',
    door: 'http',
    deadlineHeader: connectTimeout,
    transport: ({ http }) => createFetchTransport({ baseUrl: `http://${http}`, useBinaryFormat: false }),
    carries: { clientStream: false, bidi: false },
  },
];

/** Those that carry streams of requests. */
export const CLIENT_STREAM_PROTOCOLS: readonly Protocol[] = PROTOCOLS.filter(({ carries }) => carries.clientStream);

/** Those that carry streams in both directions at once. */
export const BIDI_PROTOCOLS: readonly Protocol[] = PROTOCOLS.filter(({ carries }) => carries.bidi);

/** A client of the echo service. */
export type EchoClient = Client<typeof EchoService>;

/** A client of the echo service at a server's doors. */
export function echoClient(protocol: Protocol, served: { readonly addresses: RpcAddresses }): EchoClient {
  return createClient(EchoService, protocol.transport(served.addresses));
}
