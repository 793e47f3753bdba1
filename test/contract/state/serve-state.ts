import { randomUUID } from 'node:crypto';
import type { CallOptions, Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { pino } from 'pino';
import type { RpcAddresses, RpcLimits } from '#libs/rpc/server-options.ts';
import type { StateStore } from '#libs/store/store.ts';
import { createStateBindings } from '#services/state/bindings.ts';
import type { StateContext } from '#services/state/rpc/context.ts';
import { type ServedEcho, serveEcho } from '#test/doors/serve-echo.ts';
import { as, createTokenAuthenticator } from '#test/doors/token-authenticator.ts';

/** A door of the service and how to speak with it. */
export interface Door {
  readonly name: string;
  readonly transport: (addresses: RpcAddresses) => Transport;
}

/** The door of workers and services. */
export const GRPC: Door = {
  name: 'gRPC',
  transport: ({ grpc }) => createGrpcTransport({ baseUrl: `http://${grpc}` }),
};

/** Both doors: binary gRPC, and Connect with JSON. */
export const DOORS: readonly Door[] = [
  GRPC,
  {
    name: 'Connect with JSON',
    transport: ({ http }) =>
      createConnectTransport({ baseUrl: `http://${http}`, httpVersion: '1.1', useBinaryFormat: false }),
  },
];

/** A payload may have as many bytes here as the largest one of the suites. */
export const LIMIT_BYTES: number = 10 * 1024 * 1024;

/** May do everything in every tenant, so that each test has one of its own. */
export const ROOT: CallOptions = as('root');

/** Serves the state service's RPCs on a store that is open. */
export function serveState(
  store: StateStore,
  changes: Partial<StateContext> = {},
  limits?: Partial<RpcLimits>,
): Promise<ServedEcho> {
  const context: StateContext = {
    store,
    log: pino({ level: 'silent' }),
    nowMs: () => Date.now(),
    newId: () => randomUUID(),
    maxPayloadBytes: LIMIT_BYTES,
    ...changes,
  };
  return serveEcho({
    services: createStateBindings(context),
    authenticator: createTokenAuthenticator('at once'),
    ...(limits === undefined ? {} : { limits }),
  });
}

/** A tenant that no other test has. */
export function newTenant(): string {
  return `tenant-${randomUUID()}`;
}
