import type { TestProject } from 'vitest/node';
import { type FoundServers, findServers, type Servers } from './find-servers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    servers: Servers;
  }
}

// Each vitest project loads this module anew; they share one set of servers through the process.
const shared = globalThis as { millraceServers?: { found: Promise<FoundServers>; users: number } };

/**
 * Finds the servers once for a test run, gives them to the tests as `inject('servers')` and to the processes they start
 * as MONGODB_URI and NATS_URL. Stops what it started when the last project is done.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const first = shared.millraceServers === undefined;
  const use = (shared.millraceServers ??= { found: findServers(), users: 0 });
  use.users += 1;
  const { servers } = await use.found;
  project.provide('servers', servers);
  if (first) announce(servers);
  return async () => {
    use.users -= 1;
    if (use.users > 0) return;
    delete shared.millraceServers;
    await (await use.found)[Symbol.asyncDispose]();
  };
}

function announce({ mongodb, nats }: Servers): void {
  if ('at' in mongodb) process.env['MONGODB_URI'] = mongodb.at;
  if ('at' in nats) process.env['NATS_URL'] = nats.at;
  const places = [mongodb, nats].map((server) => ('at' in server ? withoutSecrets(server.at) : 'missing'));
  process.stderr.write(`tests: mongodb ${places[0]}, nats ${places[1]}\n`);
}

function withoutSecrets(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/g, '//');
}
