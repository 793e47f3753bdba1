import { connect, type Socket } from 'node:net';
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';

/** A connection by which a test says exactly what it wants to. */
export interface RawConnection extends Disposable {
  readonly socket: Socket;
  /** All that came, once the other side closed the connection. */
  readonly closed: Promise<string>;
  /** Answers once something came that matches, or that has the text in it. */
  received(pattern: RegExp | string): Promise<string>;
}

/** Connects to `host:port`. */
export async function connectRaw(address: string): Promise<RawConnection> {
  const [host, port] = address.split(':');
  const socket = connect({ host: host ?? '', port: Number(port), noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  // A reset is one of the ways to close.
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
  return {
    socket,
    closed,
    received: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)) {
            resolve(text);
          }
        };
        socket.on('data', look);
        socket.on('close', () => reject(new TypeError(`closed after ${JSON.stringify(text)}`)));
        look();
      }),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** The text of a request of HTTP/1.1. */
export function requestText(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = '',
): Buffer {
  const all = { host: 'localhost', ...headers, ...(body.length > 0 ? { 'content-length': String(body.length) } : {}) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), Buffer.from(body)]);
}

/** A message as it stands in a stream of Connect, gRPC or gRPC-Web. */
export function envelope<D extends DescMessage>(desc: D, message: MessageInitShape<D>): Buffer {
  const bytes = toBinary(desc, create(desc, message));
  return envelopeBytes(bytes);
}

/** Bytes as they stand in a stream of Connect, gRPC or gRPC-Web. */
export function envelopeBytes(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
