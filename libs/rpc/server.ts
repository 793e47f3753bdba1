import { DomainError } from '#libs/errors/domain-error.ts';
import type { CallRuntime } from './call/runtime.ts';
import { openHttpDoor } from './connect/server.ts';
import { openGrpcDoor } from './grpc/server.ts';
import { createHealthBinding } from './health/health-service.ts';
import { createHealthState } from './health/health-state.ts';
import { formatAddress, parseListenAddress } from './listen-address.ts';
import { createReflectionBindings } from './reflection/reflection-service.ts';
import { DEFAULT_RPC_LIMITS, type RpcServer, type RpcServerOptions } from './server-options.ts';

/** When the grace period is over, how long cut calls have to be told so before their connections go. */
const CUT_MS = 250;
/** How often calls that last are asked about again. */
const CHECK_MS = 1_000;

/**
 * Opens both doors for a set of services, with health and reflection beside them.
 *
 * @throws ListenError when an address cannot be listened on; nothing is left open then.
 */
export async function createRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const runtime: CallRuntime = {
    authenticator: options.authenticator,
    ...(options.tenants === undefined ? {} : { tenants: options.tenants }),
    limits: { ...DEFAULT_RPC_LIMITS, ...options.limits },
    log: options.log,
    observer: options.observer,
    calls: new Set(),
    isDraining: false,
  };
  const descriptors = options.services.map(({ service }) => service);
  const health = createHealthState(descriptors.map(({ typeName }) => typeName));
  const healthBinding = createHealthBinding(health);
  const services = [
    ...options.services,
    healthBinding,
    ...createReflectionBindings([...descriptors, healthBinding.service]),
  ];
  const grpcListen = parseListenAddress(options.grpcListen);
  const httpListen = parseListenAddress(options.httpListen);
  const grpc = await openGrpcDoor(runtime, services, grpcListen, options.tls);
  const http = await openHttpDoor(runtime, services, httpListen, {
    tls: options.tls,
    corsOrigins: options.corsOrigins ?? [],
    httpRoutes: options.httpRoutes ?? new Map(),
    allowedHosts: options.allowedHosts,
  }).catch((error: unknown) => {
    grpc.close();
    throw error;
  });

  const checks = checkCallsAgain(runtime);
  let draining: Promise<void> | undefined;

  async function drain(graceMs: number): Promise<void> {
    health.drain();
    runtime.isDraining = true;
    for (const call of runtime.calls) {
      call.sendAway();
    }
    const finished = Promise.all([grpc.drain(), http.drain()]);
    if (!(await settlesWithin(finished, graceMs))) {
      for (const call of runtime.calls) {
        call.abort(new DomainError('DRAINING', 'the process is shutting down', { retryAfterMs: 0 }));
      }
      await settlesWithin(finished, CUT_MS);
      grpc.close();
      http.close();
    }
    clearInterval(checks);
  }

  return {
    addresses: {
      grpc: formatAddress(grpcListen.host, grpc.port),
      http: formatAddress(httpListen.host, http.port),
    },
    setServing: (service, isServing) => health.set(service, isServing),
    drain: (graceMs) => (draining ??= drain(graceMs)),
    async [Symbol.asyncDispose]() {
      await (draining ??= drain(0));
    },
  };
}

/** Calls that last are asked about every second, so that a token that was revoked keeps no stream. */
function checkCallsAgain(runtime: CallRuntime): NodeJS.Timeout | undefined {
  if (runtime.authenticator.isRevocable !== true && runtime.tenants === undefined) return undefined;
  const check = (): void => {
    for (const call of runtime.calls) call.checkAgain();
  };
  return setInterval(check, CHECK_MS).unref();
}

async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => timeout.resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
