import { isIP } from 'node:net';
import { isLoopback } from '#libs/auth/development-authenticator.ts';
import { listenAddress, maybeHostPort } from '#libs/config/address-types.ts';
import type { ConfigEntry } from '#libs/config/config-table.ts';

/** Where a service is reached. */
export interface ListenConfig {
  readonly grpcListen: string;
  readonly httpListen: string;
}

/** The services, by the names that they have in settings, logs and answers. */
export type ServiceName = 'registry' | 'state' | 'worker';

/** The ports that each service has by default. */
const DEFAULT_PORTS: Readonly<Record<ServiceName, { readonly grpc: number; readonly http: number }>> = {
  state: { grpc: 7400, http: 7401 },
  registry: { grpc: 7410, http: 7411 },
  worker: { grpc: 7420, http: 7421 },
};

/** The variable that says where a door of a service listens. */
export function listenVariable(service: ServiceName, door: 'grpc' | 'http'): `MILLRACE_${string}` {
  return `MILLRACE_${service.toUpperCase()}_${door.toUpperCase()}_LISTEN`;
}

/** The setting that says where a door of a service listens. */
export function listenEntry(service: ServiceName, door: 'grpc' | 'http'): ConfigEntry<string> {
  const what = door === 'grpc' ? 'gRPC' : 'Connect, gRPC-Web, JSON, health and metrics over HTTP';
  return {
    env: listenVariable(service, door),
    type: listenAddress(),
    default: `127.0.0.1:${DEFAULT_PORTS[service][door]}`,
    doc: `where the ${service} service serves ${what}; port 0 takes a free one`,
  };
}

/** Names the listen addresses that are given twice, and without tokens those that others than this machine reach. */
export function checkListen(
  listens: readonly { readonly service: ServiceName; readonly config: ListenConfig }[],
  hasTokens: boolean,
): string[] {
  const faults: string[] = [];
  const taken = new Map<string, string>();
  const doors = listens.flatMap(({ service, config }) => [
    [listenVariable(service, 'grpc'), config.grpcListen] as const,
    [listenVariable(service, 'http'), config.httpListen] as const,
  ]);
  for (const [variable, address] of doors) {
    const other = taken.get(address);
    if (other !== undefined && maybeHostPort(address)?.port !== 0) {
      faults.push(`${variable}: ${address} is also that of ${other}`);
    }
    taken.set(address, variable);
    const { host, port } = maybeHostPort(address) ?? { host: '', port: 0 };
    if (!hasTokens && !isThisMachineOnly(host)) {
      const rule = 'is no loopback address, and without tokens only this machine is served';
      faults.push(`${variable}: ${address} ${rule}: use 127.0.0.1:${port}, or set MILLRACE_ROOT_TOKEN`);
    }
  }
  return faults;
}

function isThisMachineOnly(host: string): boolean {
  return isIP(host) === 0 ? host.toLowerCase() === 'localhost' : isLoopback(host);
}
