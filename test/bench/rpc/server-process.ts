import pino from 'pino';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import { createEchoService } from '#test/echo/echo-service.ts';
import { startBareServer } from './bare-server.ts';

/** What the server process tells the one that measures. */
export interface ServerPorts {
  readonly door: string;
  readonly http: string;
  readonly bare: string;
}

const rpc = await createRpcServer({
  services: [createEchoService().binding],
  grpcListen: '127.0.0.1:0',
  httpListen: '127.0.0.1:0',
  authenticator: createDevelopmentAuthenticator(),
  log: pino({ level: 'info' }),
});
const bare = await startBareServer();
const ports: ServerPorts = {
  door: rpc.addresses.grpc,
  http: rpc.addresses.http,
  bare: `127.0.0.1:${bare.port}`,
};

process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => process.exit(0));
process.send?.(ports);
