import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { BSON, type Document } from 'mongodb';

/** A server that speaks just enough of the MongoDB protocol to be opened. */
export interface FakeMongo extends AsyncDisposable {
  readonly uri: string;
  /** The names of the commands that came, in order. */
  readonly commands: string[];
}

const OP_MSG = 2013;
const HEADER_BYTES = 16;
/** Flags, then the kind of the first section. */
const SECTION = HEADER_BYTES + 4 + 1;

const HELLO = {
  isWritablePrimary: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  minWireVersion: 0,
  maxWireVersion: 21,
};

/** Starts a server that answers each command with what `answers` says, or `{ok: 1}`. */
export async function startFakeMongo(
  answers: (command: Document, name: string) => Document | undefined,
): Promise<FakeMongo> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let waiting = Buffer.alloc(0);
    socket.on('data', (data) => {
      waiting = Buffer.concat([waiting, data]);
      while (waiting.length >= 4 && waiting.length >= waiting.readInt32LE(0)) {
        const message = waiting.subarray(0, waiting.readInt32LE(0));
        waiting = waiting.subarray(message.length);
        socket.write(replyTo(message));
      }
    });
  });

  function replyTo(message: Buffer): Buffer {
    const isMsg = message.readInt32LE(12) === OP_MSG;
    // Anything else is the first hello, in the form of old servers, which is answered in its own form.
    const command: Document = isMsg ? BSON.deserialize(message.subarray(SECTION)) : { hello: 1 };
    const [name = ''] = Object.keys(command);
    commands.push(name);
    const isHello = name === 'hello' || name === 'ismaster';
    const reply = { ...(isHello ? HELLO : {}), ...answers(command, isHello ? 'hello' : name) };
    const body = BSON.serialize({ ok: 1, ...reply });
    return isMsg ? frame(message, OP_MSG, [Buffer.alloc(5), body]) : frame(message, 1, [oldReplyHead(), body]);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    uri: `mongodb://127.0.0.1:${port}/?directConnection=true`,
    commands,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function frame(message: Buffer, opcode: number, parts: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + parts.reduce((sum, part) => sum + part.length, 0), 0);
  header.writeInt32LE(message.readInt32LE(4), 8);
  header.writeInt32LE(opcode, 12);
  return Buffer.concat([header, ...parts]);
}

/** Flags, cursor, start, and the number of documents. */
function oldReplyHead(): Buffer {
  const head = Buffer.alloc(20);
  head.writeInt32LE(8, 0);
  head.writeInt32LE(1, 16);
  return head;
}
