import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { commandOf, createFramer } from '#test/servers/mongo-wire.ts';

/**
 * What becomes of an `insert`:
 * - `pass`: nothing special
 * - `cut-before`: the connection is cut, the server never sees it
 * - `cut-after`: the server does it, the connection is cut instead of the reply
 * - `hold`: it stays in the proxy until it is let go, also when its client has long given up
 */
export type InsertFate = 'pass' | 'cut-before' | 'cut-after' | 'hold';

/** A TCP proxy before a MongoDB-protocol server that does harm to inserts. */
export interface MongoProxy extends AsyncDisposable {
  /** The URI of the server behind it, by way of the proxy. */
  readonly uri: string;
  /** Decides about the inserts to come, each by its number from 1; `pass` for all at first. */
  decide(fateOf: (insert: number) => InsertFate): void;
  /** Inserts that are held. */
  readonly heldCount: number;
  /** Waits until so many inserts are held. */
  hasHeld(count: number): Promise<void>;
  /** Lets all that is held go to the server, one after the other, and waits until it was answered. */
  letGo(): Promise<void>;
}

/** Starts a proxy on a free port of the loopback. */
export async function startMongoProxy(serverUri: string): Promise<MongoProxy> {
  const target = new URL(serverUri);
  const sockets = new Set<Socket>();
  const held: (() => Promise<void>)[] = [];
  let onHeld = Promise.withResolvers<void>();
  let fateOf: (insert: number) => InsertFate = () => 'pass';
  let inserts = 0;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 27017), target.hostname);
    /** What to do with the next reply instead of passing it on. */
    let onReply: (() => void) | undefined;
    let isHeld = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        if (!isHeld) upstream.destroy();
      });
    }
    upstream.on('data', (chunk) => (onReply === undefined ? client.write(chunk) : onReply()));

    const forward = (message: Buffer): void => {
      if (!isInsert(message)) {
        upstream.write(message);
        return;
      }
      inserts += 1;
      const fate = fateOf(inserts);
      if (fate === 'cut-before') client.destroy();
      if (fate === 'pass' || fate === 'cut-after') upstream.write(message);
      if (fate === 'cut-after') onReply = () => client.destroy();
      if (fate === 'hold') {
        isHeld = true;
        held.push(async () => {
          const answered = Promise.withResolvers<void>();
          onReply = answered.resolve;
          upstream.on('close', () => answered.resolve());
          upstream.write(message);
          await answered.promise;
          upstream.destroy();
        });
        onHeld.resolve();
        onHeld = Promise.withResolvers();
      }
    };
    client.on('data', createFramer(forward));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const uri = new URL(serverUri);
  uri.hostname = '127.0.0.1';
  uri.port = String(typeof address === 'object' && address !== null ? address.port : 0);

  return {
    uri: uri.href,
    decide(next) {
      fateOf = next;
      inserts = 0;
    },
    get heldCount() {
      return held.length;
    },
    async hasHeld(count) {
      while (held.length < count) await onHeld.promise;
    },
    async letGo() {
      for (const release of held.splice(0)) await release();
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

function isInsert(message: Buffer): boolean {
  return commandOf(message)?.startsWith('insert ') ?? false;
}
