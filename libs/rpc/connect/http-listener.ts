import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type SecureServerOptions,
  type ServerHttp2Session,
} from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { bindError, type ListenAddress } from '../listen-address.ts';
import type { TlsMaterial } from '../server-options.ts';
import { Http1Connections } from './http1-connections.ts';
import { type ConnectionTaker, routeByFirstBytes } from './route-by-first-bytes.ts';

/** A request by either version of HTTP. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;
/** A response by either version of HTTP. */
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** What an open port does with those who come. */
export interface HttpListenerOptions {
  readonly tls: TlsMaterial | undefined;
  /** A connection that has not come to its first request by then is closed. */
  readonly firstRequestTimeoutMs: number;
  readonly onRequest: (request: HttpRequest, response: HttpResponse) => void;
  /** Hears of what goes wrong with the port after it was opened, such as too many open files. */
  readonly onError: (error: Error) => void;
}

/** An open port that speaks HTTP/1.1 and HTTP/2. */
export interface HttpListener {
  readonly port: number;
  /** Takes no new connection and no new request; answers when the running ones have ended. */
  drain(): Promise<void>;
  /** Cuts whatever is left. */
  close(): void;
}

/** Opens a port for both versions: told apart by ALPN with TLS, and by the first bytes without. */
export async function openHttpListener(listen: ListenAddress, options: HttpListenerOptions): Promise<HttpListener> {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const http1 = new Http1Connections();
  const onRequest = (request: HttpRequest, response: HttpResponse): void => {
    if (!('stream' in response)) {
      http1.answer(request.socket, response);
    }
    options.onRequest(request, response);
  };
  const onSession = (session: ServerHttp2Session): void => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  };
  const { acceptor, dispose } =
    options.tls === undefined
      ? createPlainAcceptor(options, http1, onRequest, onSession)
      : createTlsAcceptor(options, options.tls, http1, onRequest, onSession);
  acceptor.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await bind(acceptor, listen, options.onError);
  return {
    port,
    drain: async () => {
      const closed = new Promise<void>((resolve) => acceptor.close(() => resolve()));
      dispose();
      http1.drain();
      for (const session of sessions) {
        session.close();
      }
      await closed;
    },
    close: () => {
      acceptor.close();
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

interface Acceptor {
  readonly acceptor: Server;
  readonly dispose: () => void;
}

type OnRequest = HttpListenerOptions['onRequest'];
type OnSession = (session: ServerHttp2Session) => void;

function createPlainAcceptor(
  options: HttpListenerOptions,
  http1: Http1Connections,
  onRequest: OnRequest,
  onSession: OnSession,
): Acceptor {
  const { firstRequestTimeoutMs } = options;
  const http1Server = createHttp1Server(http1Timeouts(firstRequestTimeoutMs), onRequest);
  const http2Server = createHttp2Server(onRequest);
  http2Server.on('session', onSession);
  // A server that is handed its connections looks after their time only once it believes that it listens.
  http1Server.emit('listening');
  const takers: Readonly<Record<'http1' | 'http2', ConnectionTaker>> = { http1: http1Server, http2: http2Server };
  // A client of HTTP/1.1 may close its side after its request and still wants the answer.
  const acceptor = createTcpServer({ allowHalfOpen: true }, (socket) => {
    http1.add(socket);
    routeByFirstBytes(socket, firstRequestTimeoutMs, (version) => {
      if (version === 'http2') {
        http1.remove(socket);
        socket.allowHalfOpen = false;
      }
      takers[version].emit('connection', socket);
    });
  });
  return { acceptor, dispose: () => http1Server.close() };
}

function createTlsAcceptor(
  options: HttpListenerOptions,
  tls: TlsMaterial,
  http1: Http1Connections,
  onRequest: OnRequest,
  onSession: OnSession,
): Acceptor {
  const { firstRequestTimeoutMs } = options;
  const { cert, key, clientCa } = tls;
  const secureOptions: SecureServerOptions = {
    cert,
    key,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true }),
    allowHTTP1: true,
    handshakeTimeout: firstRequestTimeoutMs,
    ...http1Timeouts(firstRequestTimeoutMs),
  };
  const server = createSecureServer(secureOptions, onRequest);
  server.on('session', onSession);
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol !== 'h2') {
      http1.add(socket);
    }
  });
  return { acceptor: server, dispose: () => undefined };
}

/** A whole request has no time limit of its own, because a stream of requests is one; its head has. */
function http1Timeouts(firstRequestTimeoutMs: number): {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
} {
  return {
    headersTimeout: firstRequestTimeoutMs,
    requestTimeout: 0,
    connectionsCheckingInterval: firstRequestTimeoutMs,
  };
}

function bind(server: Server, listen: ListenAddress, onError: (error: Error) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => reject(bindError(listen, error));
    server.once('error', refuse);
    server.listen(listen.port, listen.host, () => {
      server.off('error', refuse);
      server.on('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
