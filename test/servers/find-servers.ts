import { fileURLToPath } from 'node:url';
import type { Found } from '../gate.ts';
import { run, withProgress } from '../run.ts';
import { memoryServerBinary } from './memory-server.ts';
import { onPath } from './on-path.ts';
import { startServer } from './start-server.ts';

/** The real servers of a test run. */
export interface Servers {
  readonly mongodb: Found;
  readonly nats: Found;
}

/** The servers, and what to dispose when they are no longer needed: those that were started for this run only. */
export interface FoundServers extends AsyncDisposable {
  readonly servers: Servers;
}

const provisionTimeoutMs = 900_000;
const howTo = {
  mongodb: 'set MONGODB_URI, put mongod on PATH, or use Debian as root with Go',
  nats: 'set NATS_URL, put nats-server on PATH, or use Linux with Go',
};

/**
 * Finds the real servers, each in this order: MONGODB_URI and NATS_URL; mongod and nats-server on PATH, started here on
 * a free port; for MongoDB the download of mongodb-memory-server; what `test/servers/provision` installs and starts.
 * Never rejects because a server is missing: that is part of the answer.
 */
export async function findServers(): Promise<FoundServers> {
  const started = new AsyncDisposableStack();
  const [mongodb, nats] = await Promise.all([
    fromEnvironment('MONGODB_URI') ?? startMongod(started),
    fromEnvironment('NATS_URL') ?? startNats(started),
  ]);
  const wanted = [...(isFound(mongodb) ? [] : ['mongodb']), ...(isFound(nats) ? [] : ['nats'])];
  const provisioned = wanted.length === 0 ? new Map<string, string>() : await provision(wanted);
  const finish = (server: keyof Servers, found: Attempt, variable: string): Found => {
    if (isFound(found)) return found;
    const at = provisioned.get(variable);
    if (at !== undefined) return { at };
    const tried = [`${variable} is not set`, ...found.tried, provisioned.get(server) ?? 'nothing was provisioned'];
    return { missing: `no ${server} server (${tried.join(', ')}): ${howTo[server]}` };
  };
  return {
    servers: { mongodb: finish('mongodb', mongodb, 'MONGODB_URI'), nats: finish('nats', nats, 'NATS_URL') },
    [Symbol.asyncDispose]: async () => await started.disposeAsync(),
  };
}

type Attempt = { readonly at: string } | { readonly tried: readonly string[] };

function isFound(attempt: Attempt): attempt is { readonly at: string } {
  return 'at' in attempt;
}

function fromEnvironment(variable: string): Attempt | undefined {
  const at = process.env[variable];
  return at ? { at } : undefined;
}

async function startMongod(started: AsyncDisposableStack): Promise<Attempt> {
  const tried: string[] = [];
  const binaries: [string, () => Promise<string>][] = [
    ['PATH', async () => (await onPath('mongod')) ?? fail('no mongod')],
    [
      'mongodb-memory-server',
      async () => await withProgress('tests: looking for a mongod download', memoryServerBinary()),
    ],
  ];
  for (const [source, binary] of binaries) {
    try {
      const command = await binary();
      const server = started.use(await startServer(command, mongodArguments));
      return { at: `mongodb://${server.address}/` };
    } catch (error) {
      tried.push(`${source}: ${reasonOf(error)}`);
    }
  }
  return { tried };
}

async function startNats(started: AsyncDisposableStack): Promise<Attempt> {
  try {
    const command = (await onPath('nats-server')) ?? fail('no nats-server');
    const server = started.use(await startServer(command, natsArguments));
    return { at: `nats://${server.address}` };
  } catch (error) {
    return { tried: [`PATH: ${reasonOf(error)}`] };
  }
}

const mongodArguments = (port: number, folder: string): string[] =>
  `--port ${port} --bind_ip 127.0.0.1 --nounixsocket --quiet --wiredTigerCacheSizeGB 0.5 --dbpath`
    .split(' ')
    .concat(folder);
const natsArguments = (port: number, folder: string): string[] =>
  `--port ${port} --addr 127.0.0.1 --jetstream --store_dir`.split(' ').concat(folder);

/** What the script prints: `export MONGODB_URI=…` for a server it has, `# mongodb: <reason>` for one it has not. */
async function provision(wanted: readonly string[]): Promise<Map<string, string>> {
  const script = fileURLToPath(new URL('provision', import.meta.url));
  const start = performance.now();
  let early = '';
  // What the script says is worth showing only when one has to wait for it.
  const onStderr = (text: string): void => {
    early += text;
    if (performance.now() - start > 1000 || early.includes('(once')) {
      process.stderr.write(early);
      early = '';
    }
  };
  try {
    const { stdout } = await run('bash', [script, 'up', ...wanted], { timeoutMs: provisionTimeoutMs, onStderr });
    const lines = stdout.matchAll(/^(?:export (\w+)=|# (\w+): )(.*)$/gm);
    return new Map([...lines].map(([, variable, server, value]) => [variable ?? server ?? '', value ?? '']));
  } catch (error) {
    return new Map(wanted.map((server) => [server, reasonOf(error)]));
  }
}

function fail(reason: string): never {
  throw new Error(reason);
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? '';
}
