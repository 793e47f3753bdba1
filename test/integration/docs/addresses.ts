import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** The addresses that pages speak of, and those that a test uses in their place. */
export interface Addresses {
  /** From the page to the machine. */
  toReal(text: string): string;
  /** And back. */
  toShown(text: string): string;
  /** Settings that make services listen there when nobody says otherwise. */
  readonly env: Readonly<Record<string, string>>;
}

const LOCAL = /\b(?:127\.0\.0\.1|localhost):\d+\b/g;

/** Where services listen by default. */
const DEFAULTS: Readonly<Record<string, string>> = {
  MILLRACE_STATE_GRPC_LISTEN: '127.0.0.1:7400',
  MILLRACE_STATE_HTTP_LISTEN: '127.0.0.1:7401',
  MILLRACE_REGISTRY_GRPC_LISTEN: '127.0.0.1:7410',
  MILLRACE_REGISTRY_HTTP_LISTEN: '127.0.0.1:7411',
  MILLRACE_WORKER_GRPC_LISTEN: '127.0.0.1:7420',
  MILLRACE_WORKER_HTTP_LISTEN: '127.0.0.1:7421',
};

/** Finds a free port for every address of a page, so that pages run beside each other and beside whatever runs already. */
export async function findAddresses(page: string): Promise<Addresses> {
  const shown = new Set([...Object.values(DEFAULTS), ...(page.match(LOCAL) ?? [])]);
  // In one order, so that what is sorted on the page is sorted here.
  const ports = [...new Set([...shown].map((address) => Number(address.split(':').at(-1))))].toSorted((a, b) => a - b);
  const free = await freePorts(ports.length);
  const real = new Map(ports.map((port, index) => [String(port), String(free[index])]));
  const back = new Map([...real].map(([port, found]) => [found, port]));
  const replace = (text: string, by: ReadonlyMap<string, string>): string =>
    text.replaceAll(LOCAL, (address) => {
      const [host = '', port = ''] = address.split(':');
      return `${host}:${by.get(port) ?? port}`;
    });
  const toReal = (text: string): string => replace(text, real);
  const env = Object.fromEntries(Object.entries(DEFAULTS).map(([name, address]) => [name, toReal(address)]));
  return {
    toReal,
    toShown: (text) => replace(text, back),
    env: { ...env, MILLRACE_ADDRESS: env['MILLRACE_STATE_GRPC_LISTEN'] ?? '' },
  };
}

/** Below the ports that systems give to whoever connects, so that nobody takes one between here and its use. */
const PORTS: readonly [from: number, to: number] = [12_000, 32_000];

/** In ascending order. */
async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  while (servers.length < count) {
    const port = PORTS[0] + Math.floor(Math.random() * (PORTS[1] - PORTS[0]));
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (isFree) servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port).toSorted((a, b) => a - b);
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  return ports;
}
