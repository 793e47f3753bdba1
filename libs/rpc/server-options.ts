import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Authenticator } from '#libs/auth/authenticator.ts';
import type { TenantGate } from '#libs/auth/tenant-gate.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { ServiceBinding } from './service-binding.ts';

/** PEM texts for TLS on both doors. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** Authorities that client certificates must come from; their presence makes it mutual TLS. */
  readonly clientCa?: string;
}

/** Bounds on calls and streams. */
export interface RpcLimits {
  /** The deadline of a unary call that names none. Default 30 000. */
  readonly defaultDeadlineMs: number;
  /** A longer deadline is cut to this. Default 60 000. */
  readonly maxDeadlineMs: number;
  /** The largest message either way. Default 4 MiB. */
  readonly maxMessageBytes: number;
  /** How long a stream may say nothing before a ping is sent. Default 15 000. */
  readonly streamPingMs: number;
  /** After this age, ± 20 % at random, a stream is told to come back on a new one. Default 1 800 000. */
  readonly streamMaxAgeMs: number;
  /** How long an aged stream has to end by itself. Default 30 000. */
  readonly streamGraceMs: number;
  /** The HTTP door closes a connection that has not come to its first request by then. Default 10 000. */
  readonly firstRequestTimeoutMs: number;
}

/** The limits where nobody says otherwise. */
export const DEFAULT_RPC_LIMITS: RpcLimits = {
  defaultDeadlineMs: 30_000,
  maxDeadlineMs: 60_000,
  maxMessageBytes: 4 * 1024 * 1024,
  streamPingMs: 15_000,
  streamMaxAgeMs: 30 * 60_000,
  streamGraceMs: 30_000,
  firstRequestTimeoutMs: 10_000,
};

/** Hears of every call that ended, for metrics. */
export interface CallObserver {
  /** `path` is `/package.Service/Method`, `code` the gRPC code's name in UPPER_SNAKE, `OK` included. */
  callEnded(path: string, door: 'grpc' | 'http', code: string, durationMs: number): void;
}

/** A plain HTTP route beside the RPCs, such as `/healthz`. */
export type HttpRoute = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/** What a server with two doors is made of. */
export interface RpcServerOptions {
  readonly services: readonly ServiceBinding[];
  /** `host:port` of the gRPC door; port 0 takes a free one. */
  readonly grpcListen: string;
  /** `host:port` of the door for Connect, gRPC-Web, JSON and plain HTTP routes. */
  readonly httpListen: string;
  readonly authenticator: Authenticator;
  /** Tells which tenants there are and what may be done in them. Absent: every tenant is served. */
  readonly tenants?: TenantGate;
  readonly log: Logger;
  readonly tls?: TlsMaterial;
  readonly limits?: Partial<RpcLimits>;
  /** Origins that browsers may call from; `*` for all. None by default. */
  readonly corsOrigins?: readonly string[];
  /** GET routes by exact path. */
  readonly httpRoutes?: ReadonlyMap<string, HttpRoute>;
  readonly observer?: CallObserver;
  /** Host names besides IP addresses and localhost that the HTTP door answers to; absent: all. */
  readonly allowedHosts?: readonly string[];
}

/** Where a running server is reached. */
export interface RpcAddresses {
  readonly grpc: string;
  readonly http: string;
}

/** A running server with two doors. */
export interface RpcServer extends AsyncDisposable {
  readonly addresses: RpcAddresses;
  /** The health of the process (`''`) and of each service by its full name, as probes see it. */
  setServing(service: string, isServing: boolean): void;
  /**
   * Health goes NOT_SERVING, streams are told to go away, no new call is taken, running ones finish. Answers when all
   * have, or when the grace period is over and what was left is cut. Safe to call again.
   */
  drain(graceMs: number): Promise<void>;
}
