import type { Socket } from 'node:net';

/** A server that can be handed a connection which another one accepted. */
export interface ConnectionTaker {
  emit(event: 'connection', socket: Socket): boolean;
}

/** What an HTTP/2 client that knows whom it talks to says first. */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n');

/** Says which version of HTTP a connection speaks as soon as its first bytes tell; closes one that is silent. */
export function routeByFirstBytes(socket: Socket, timeoutMs: number, take: (version: 'http1' | 'http2') => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const drop = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  const timer = setTimeout(drop, timeoutMs);
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) {
      return;
    }
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, HTTP2_PREFACE.length);
    const mayBeHttp2 = seen.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length));
    if (mayBeHttp2 && length < HTTP2_PREFACE.length) {
      return;
    }
    clearTimeout(timer);
    socket.off('readable', onReadable);
    socket.off('error', drop);
    socket.off('end', drop);
    socket.off('close', drop);
    socket.unshift(seen);
    take(mayBeHttp2 ? 'http2' : 'http1');
  };
  socket.on('error', drop);
  socket.on('end', drop);
  socket.on('close', drop);
  socket.on('readable', onReadable);
}
