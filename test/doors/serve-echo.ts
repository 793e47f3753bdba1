import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import type { RpcAddresses, RpcServer, RpcServerOptions } from '#libs/rpc/server-options.ts';
import { createEchoService, type EchoState } from '#test/echo/echo-service.ts';

/** A call as the observer was told of it. */
export interface EndedCall {
  readonly path: string;
  readonly door: string;
  readonly code: string;
  readonly durationMs: number;
}

/** A line of the server's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: number; readonly msg: string };

/** A server with both doors open and all that a test may see of it. */
export interface ServedEcho extends AsyncDisposable {
  readonly server: RpcServer;
  readonly addresses: RpcAddresses;
  readonly state: EchoState;
  readonly logs: readonly LogLine[];
  readonly ended: readonly EndedCall[];
  /** Answers once that many calls have ended and their handlers had a turn to notice. */
  calls(count: number): Promise<readonly EndedCall[]>;
}

/** What may differ from test to test; the log's level besides, `info` by default. */
export type ServeOptions = Partial<Omit<RpcServerOptions, 'log' | 'observer'>> & {
  readonly logLevel?: 'debug' | 'info';
};

/** Serves the echo service, or others, on free ports of this machine. */
export async function serveEcho(options: ServeOptions = {}): Promise<ServedEcho> {
  const { logLevel = 'info', ...rest } = options;
  const { binding, state } = createEchoService();
  const logs: LogLine[] = [];
  const ended: EndedCall[] = [];
  let onCall: (() => void) | undefined;
  const server = await createRpcServer({
    services: [binding],
    grpcListen: '127.0.0.1:0',
    httpListen: '127.0.0.1:0',
    authenticator: createDevelopmentAuthenticator(),
    ...rest,
    log: pino({ level: logLevel }, { write: (line: string) => void logs.push(JSON.parse(line) as LogLine) }),
    observer: {
      callEnded: (path, door, code, durationMs) => {
        ended.push({ path, door, code, durationMs });
        onCall?.();
      },
    },
  });
  return {
    server,
    addresses: server.addresses,
    state,
    logs,
    ended,
    async calls(count) {
      while (ended.length < count) {
        await new Promise<void>((resolve) => {
          onCall = resolve;
        });
      }
      // What was aborted with the call had its turn.
      await turn();
      return ended;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
