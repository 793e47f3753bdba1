import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A server started for one test run, with a folder of its own. Disposing stops it and removes the folder. */
export interface StartedServer extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly address: string;
}

const readyTimeoutMs = 20_000;

/** Starts a server on a free port and waits until the port opens. Rejects with the end of its output when it stops. */
export async function startServer(
  command: string,
  args: (port: number, folder: string) => string[],
): Promise<StartedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-server-'));
  const port = await freePort();
  const child = spawn(command, args(port, folder), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-2000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = once(child, 'exit').then(
    () => true,
    () => true,
  );
  const server: StartedServer = {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      const forced = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(forced);
      await rm(folder, { recursive: true, force: true });
    },
  };
  const deadline = performance.now() + readyTimeoutMs;
  while (performance.now() < deadline) {
    if (await Promise.race([ended, delay(50, false)])) break;
    if (await isOpen(port)) return server;
  }
  await server[Symbol.asyncDispose]();
  throw new Error(`${command} does not start: ${output.trim().split('\n').slice(-3).join(' | ')}`);
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
