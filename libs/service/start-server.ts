import { SystemService } from '#gen/millrace/common/v1/system_service_pb.ts';
import type { Authenticator } from '#libs/auth/authenticator.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import type { TenantGate } from '#libs/auth/tenant-gate.ts';
import type { PartStack } from '#libs/lifecycle/part-stack.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import { ListenError } from '#libs/rpc/listen-address.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import {
  DEFAULT_RPC_LIMITS,
  type RpcAddresses,
  type RpcLimits,
  type RpcServerOptions,
} from '#libs/rpc/server-options.ts';
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';
import type { BackupSource } from '#libs/store/backup/backup.ts';
import { createTelemetry } from '#libs/telemetry/create-telemetry.ts';
import { createBackup } from './backup.ts';
import type { CommonConfig } from './common-config.ts';
import { createFinalizeUpgrade } from './finalize-upgrade.ts';
import { createGetInfo } from './get-info.ts';
import { createHttpRoutes } from './http-routes.ts';
import { type ListenConfig, listenVariable, type ServiceName } from './listen-config.ts';
import { refuseWithoutStore } from './no-store.ts';
import { createReadiness } from './readiness.ts';
import { maybeReadTls } from './tls-files.ts';
import { VERSION } from './version.ts';

/** What a service's server is made of. */
export interface ServiceServerOptions {
  readonly service: ServiceName;
  /** What the service is, in one sentence, for the front page. */
  readonly summary: string;
  readonly config: CommonConfig & ListenConfig;
  readonly log: Logger;
  /** The service's open store; absent: it keeps no data. */
  readonly source: BackupSource | undefined;
  /** Tells who calls. Absent: development mode, in which whoever works on this machine may do everything. */
  readonly authenticator?: Authenticator;
  /** Tells which tenants there are. Absent: every name is one. */
  readonly tenants?: TenantGate;
  /** Whether calls need tokens. Default: they do not. */
  readonly hasTokens?: boolean;
  /** The service's own RPCs. */
  readonly bindings: readonly ServiceBinding[];
  readonly process: NodeJS.Process;
}

/** A service's server, which is up but not ready. */
export interface ServiceServer {
  readonly addresses: RpcAddresses;
  /** Probes and health checks say from now on that the service serves. */
  markReady(): void;
}

/**
 * Opens the two doors of a service with everything that all services have: GetInfo, health, probes, metrics and the
 * rule that without tokens only this machine is served. What is opened is added to the parts.
 *
 * @throws StartError when an address cannot be listened on or a file for TLS is not usable.
 */
export async function startServer(options: ServiceServerOptions, parts: PartStack): Promise<ServiceServer> {
  const { service, config, log, process } = options;
  const tls = maybeReadTls(config);
  const telemetry = createTelemetry({ service, version: VERSION, node: process.version }, process);
  parts.add({ name: `${service} telemetry`, close: () => telemetry[Symbol.asyncDispose]() });
  const readiness = createReadiness();
  const limits: RpcLimits = {
    ...DEFAULT_RPC_LIMITS,
    defaultDeadlineMs: config.defaultDeadlineMs,
    maxDeadlineMs: config.maxDeadlineMs,
    streamPingMs: config.streamPingMs,
    streamMaxAgeMs: config.streamMaxAgeMs,
  };
  const bindings = [...options.bindings, bindSystem(options, describeLimits(limits, config.graceMs))];
  const server = await openServer(service, {
    services: bindings,
    grpcListen: config.grpcListen,
    httpListen: config.httpListen,
    authenticator: options.authenticator ?? createDevelopmentAuthenticator(),
    ...(options.tenants === undefined ? {} : { tenants: options.tenants }),
    // Without tokens the host's name is all that tells a page of another site from a program of this machine.
    ...(options.hasTokens === true ? {} : { allowedHosts: [] }),
    log,
    limits,
    corsOrigins: config.corsOrigins,
    httpRoutes: createHttpRoutes({
      frontPage: frontPage(service, options.summary),
      readiness,
      renderMetrics: () => telemetry.render(),
      log,
    }),
    observer: telemetry.calls,
    ...(tls === undefined ? {} : { tls }),
  });
  const setServing = (isServing: boolean): void => {
    for (const name of ['', ...bindings.map((binding) => binding.service.typeName)]) {
      server.setServing(name, isServing);
    }
  };
  parts.add({
    name: `${service} server`,
    drain(graceMs) {
      readiness.markDraining();
      return server.drain(graceMs);
    },
    close: () => server[Symbol.asyncDispose](),
  });
  return {
    addresses: server.addresses,
    markReady() {
      readiness.markReady();
      setServing(true);
    },
  };
}

function bindSystem(
  { service, source }: ServiceServerOptions,
  limits: Readonly<Record<string, number>>,
): ServiceBinding {
  const nowMs = (): number => Date.now();
  const store = source?.store;
  const startTimeMs = Math.round(performance.timeOrigin);
  const getInfo = createGetInfo({ service, version: VERSION, store, limits, startTimeMs }, nowMs);
  const noStore = refuseWithoutStore(service);
  return bindService(SystemService, {
    getInfo,
    backup: source === undefined ? async () => noStore() : createBackup(source, nowMs),
    finalizeUpgrade: source === undefined ? noStore : createFinalizeUpgrade(source.store.meta),
  });
}

async function openServer(service: ServiceName, options: RpcServerOptions): ReturnType<typeof createRpcServer> {
  try {
    return await createRpcServer(options);
  } catch (error) {
    if (error instanceof ListenError) {
      const variable = listenVariable(service, error.address === options.grpcListen ? 'grpc' : 'http');
      throw new StartError(`${error.message} (${variable} chooses another)`, { cause: error });
    }
    throw error;
  }
}

function describeLimits(limits: RpcLimits, graceMs: number): Record<string, number> {
  return {
    message_bytes: limits.maxMessageBytes,
    default_deadline_ms: limits.defaultDeadlineMs,
    max_deadline_ms: limits.maxDeadlineMs,
    stream_ping_ms: limits.streamPingMs,
    stream_max_age_ms: limits.streamMaxAgeMs,
    grace_period_ms: graceMs,
  };
}

function frontPage(service: ServiceName, summary: string): string {
  return `Millrace ${VERSION}, the ${service} service: ${summary}.

This port speaks Connect, gRPC-Web and HTTP/JSON: POST /<package>.<Service>/<Method>.
/healthz  the process is alive
/readyz   the service takes calls
/metrics  Prometheus text
`;
}
