import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { commandOf, createFramer } from '#test/servers/mongo-wire.ts';

/**
 * What becomes of a command, once the server has done it:
 * - `pass`: its reply comes back
 * - `swallow`: no reply ever comes, and the connection stays open
 * - `cut`: the connection is cut instead of the reply
 */
export type ReplyFate = 'pass' | 'swallow' | 'cut';

/** A TCP proxy before a MongoDB-protocol server that loses replies. */
export interface SilentProxy extends AsyncDisposable {
  /** The URI of the server behind it, by way of the proxy. */
  readonly uri: string;
  /**
   * Decides about the commands to come by their names and collections, as in `insert blobs`, each with its number from 1
   * among those of the same name and collection. Only `pass` at first.
   */
  decide(fateOf: (command: string, count: number) => ReplyFate): void;
  /** Connections that somebody still keeps open although their reply was swallowed. */
  readonly silentCount: number;
  /** Cuts these. */
  cutSilent(): void;
}

/** Starts a proxy on a free port of the loopback. */
export async function startSilentProxy(serverUri: string): Promise<SilentProxy> {
  const target = new URL(serverUri);
  const sockets = new Set<Socket>();
  const silent = new Set<Socket>();
  const counts = new Map<string, number>();
  let fateOf: (command: string, count: number) => ReplyFate = () => 'pass';

  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 27017), target.hostname);
    let fate: ReplyFate = 'pass';
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        silent.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.on('data', (chunk) => {
      if (fate === 'pass') client.write(chunk);
      if (fate === 'cut') client.destroy();
    });
    const forward = (message: Buffer): void => {
      const command = commandOf(message);
      if (fate === 'pass' && command !== undefined) {
        const count = (counts.get(command) ?? 0) + 1;
        counts.set(command, count);
        fate = fateOf(command, count);
        if (fate === 'swallow') silent.add(client);
      }
      upstream.write(message);
    };
    client.on('data', createFramer(forward));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const uri = new URL(serverUri);
  uri.hostname = '127.0.0.1';
  uri.port = String(typeof address === 'object' && address !== null ? address.port : 0);
  uri.searchParams.set('directConnection', 'true');

  return {
    uri: uri.href,
    decide(next) {
      fateOf = next;
      counts.clear();
    },
    get silentCount() {
      return silent.size;
    },
    cutSilent() {
      for (const socket of silent) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
