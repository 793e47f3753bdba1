import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy for HTTP/2 without TLS, which cuts what is idle. */
export interface IdleProxy extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** How many connections it has cut. */
  readonly cuts: number;
}

const PREFACE_BYTES = 24;
const FRAME_HEADER_BYTES = 9;
const PING_FRAME = 6;

/**
 * It looks at the clock this often in the time that a connection may be idle. Turns without traffic are counted, not
 * milliseconds, so that a process that stood still for a while does not take its own silence for the connection's.
 */
const TURNS = 12;

/**
 * Passes on all bytes to `target` and back, and cuts a connection when none have passed for `idleMs`. HTTP/2's own pings
 * are passed on but do not count: a proxy that speaks HTTP/2 itself answers them and still finds the stream idle.
 */
export async function startIdleProxy(target: string, idleMs: number): Promise<IdleProxy> {
  const [host = '', port] = target.split(':');
  const open = new Set<Socket>();
  let cuts = 0;

  function serve(near: Socket): void {
    const far = connect(Number(port), host);
    let idleTurns = 0;
    const turn = setInterval(() => {
      idleTurns += 1;
      if (idleTurns >= TURNS) {
        cuts += 1;
        end();
      }
    }, idleMs / TURNS);
    const end = (): void => {
      clearInterval(turn);
      for (const socket of [near, far]) {
        socket.destroy();
        open.delete(socket);
      }
    };
    const pass = (from: Socket, to: Socket, hasTraffic: (chunk: Buffer) => boolean): void => {
      open.add(from);
      from.on('error', end).on('close', end);
      from.on('data', (chunk) => {
        if (hasTraffic(chunk)) {
          idleTurns = 0;
        }
        to.write(chunk);
      });
    };
    pass(near, far, trafficCounter(PREFACE_BYTES));
    pass(far, near, trafficCounter(0));
  }

  const listener = createServer(serve).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    address: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    get cuts() {
      return cuts;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const socket of open) {
        socket.destroy();
      }
      await once(listener, 'close');
    },
  };
}

/** Tells of each chunk of one direction whether anything but pings is in it; frames may be torn anywhere. */
function trafficCounter(prefaceBytes: number): (chunk: Buffer) => boolean {
  let header = Buffer.alloc(0);
  let bodyBytes = prefaceBytes;
  let isPing = false;
  return (chunk) => {
    let hasTraffic = false;
    let at = 0;
    while (at < chunk.length) {
      if (bodyBytes > 0) {
        const passed = Math.min(bodyBytes, chunk.length - at);
        at += passed;
        bodyBytes -= passed;
        hasTraffic ||= !isPing;
        continue;
      }
      const part = chunk.subarray(at, at + FRAME_HEADER_BYTES - header.length);
      at += part.length;
      header = Buffer.concat([header, part]);
      if (header.length === FRAME_HEADER_BYTES) {
        bodyBytes = header.readUIntBE(0, 3);
        isPing = header[3] === PING_FRAME;
        hasTraffic ||= !isPing;
        header = Buffer.alloc(0);
      }
    }
    return hasTraffic;
  };
}
