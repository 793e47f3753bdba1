import pino from 'pino';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import type { RpcServer } from '#libs/rpc/server-options.ts';
import { createEchoService, type EchoState } from '#test/echo/echo-service.ts';

/** The one origin that browsers may call the echo server from. */
export const ALLOWED_ORIGIN = 'https://console.test';

/**
 * The deadline of a call that names none. So short that a test can wait for it: a client whose own deadline passes
 * hangs up before it reads what the server says about that, and one without a deadline reads it.
 */
export const DEFAULT_DEADLINE_MS = 1_000;

/** An echo server with both doors, health and reflection, and what its handlers saw. */
export interface EchoServer extends AsyncDisposable {
  readonly addresses: RpcServer['addresses'];
  readonly state: EchoState;
}

/** Starts an echo server in development mode on free ports of this machine. */
export async function startEchoServer(): Promise<EchoServer> {
  const { binding, state } = createEchoService();
  const server = await createRpcServer({
    services: [binding],
    grpcListen: '127.0.0.1:0',
    httpListen: '127.0.0.1:0',
    authenticator: createDevelopmentAuthenticator(),
    log: pino({ level: 'silent' }),
    limits: { defaultDeadlineMs: DEFAULT_DEADLINE_MS },
    corsOrigins: [ALLOWED_ORIGIN],
  });
  server.setServing('', true);
  server.setServing(binding.service.typeName, true);
  return { addresses: server.addresses, state, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
