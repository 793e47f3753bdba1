import { MongoClient, type MongoClientOptions, MongoServerError } from 'mongodb';
import { StartError } from '#libs/lifecycle/start-error.ts';
import type { MongoLocation } from '../opening/uri.ts';

/**
 * How long the driver may take, where the URI does not say. A call that hangs is cut by its socket's limit; those that
 * matter have limits of their own, which are shorter.
 */
const TIMEOUTS = {
  serverSelectionTimeoutMS: 10_000,
  connectTimeoutMS: 10_000,
  socketTimeoutMS: 60_000,
  waitQueueTimeoutMS: 10_000,
} as const satisfies MongoClientOptions;

const AUTHENTICATION_FAILED = 18;
const UNAUTHORIZED = 13;

/**
 * Connects to a server.
 *
 * @throws StartError that names the hosts and never the user or the password; the signal's reason when it aborts.
 */
export async function connectMongo(location: MongoLocation, signal: AbortSignal): Promise<MongoClient> {
  signal.throwIfAborted();
  let client: MongoClient;
  try {
    client = new MongoClient(location.uri, timeoutsFor(location.uri));
  } catch (error) {
    throw new StartError(`the store's URI is not usable: ${messageOf(error, location)}`, { cause: error });
  }
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([client.connect(), aborted.promise]);
  } catch (error) {
    await client.close();
    signal.throwIfAborted();
    throw unreachable(error, location);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What a failure of the first calls to a server means to the user. */
export function unreachable(error: unknown, location: MongoLocation): StartError {
  const hosts = location.hosts.join(', ');
  const code = error instanceof MongoServerError ? error.code : undefined;
  const why =
    code === AUTHENTICATION_FAILED
      ? 'the user or the password is refused'
      : code === UNAUTHORIZED
        ? 'the user may not do what is needed'
        : messageOf(error, location);
  return new StartError(`the store at ${hosts} cannot be used: ${why}`, { cause: error });
}

/** The driver's defaults, but for limits that neither the URI nor the driver has. */
function timeoutsFor(uri: string): MongoClientOptions {
  const query = new URLSearchParams(uri.split('?')[1] ?? '');
  const named = new Set([...query.keys()].map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(TIMEOUTS).filter(([name]) => !named.has(name.toLowerCase())));
}

/** The driver's message without what stands before the host in the URI. */
function messageOf(error: unknown, { uri }: MongoLocation): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, credentials = ''] = /^[^/]*\/\/([^/?@]*)@/.exec(uri) ?? [];
  const secrets = credentials.split(':').flatMap((secret) => [secret, decoded(secret)]);
  return secrets.filter((secret) => secret !== '').reduce((text, secret) => text.replaceAll(secret, '***'), message);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
