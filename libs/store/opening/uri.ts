import { StartError } from '#libs/lifecycle/start-error.ts';
import type { ServiceKind } from './meta-row.ts';

/** Where a store is. */
export type StoreLocation =
  /** Files of SQLite in a folder, absolute or relative to the working folder. */
  | { readonly kind: 'sqlite'; readonly folder: string }
  | MongoLocation
  /** The process's memory: gone at its end. */
  | { readonly kind: 'memory' };

/** A server of the MongoDB protocol. */
export interface MongoLocation {
  readonly kind: 'mongodb';
  /** As it was given, secrets included: for the driver and nobody else. */
  readonly uri: string;
  /** `host:port` each, or the one name of `mongodb+srv`. */
  readonly hosts: readonly string[];
  /** The database that the URI names; undefined for the default of the service. */
  readonly database: string | undefined;
}

/** MongoDB's own limit is 63; some compatible servers put prefixes before a name. */
const MAX_DATABASE_BYTES = 48;

/**
 * Reads `sqlite:folder`, `mongodb://…`, `mongodb+srv://…` or `memory:`.
 *
 * @throws StartError that says what would be right. It repeats no more of the text than its scheme and the name of the
 * database, because the rest may be a secret.
 */
export function parseStoreUri(text: string): StoreLocation {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case 'sqlite':
      return { kind: 'sqlite', folder: parseFolder(rest) };
    case 'mongodb':
    case 'mongodb+srv':
      return parseMongo(scheme.toLowerCase(), rest);
    case 'memory':
      if (rest !== '') {
        refuse('memory: takes nothing after the colon');
      }
      return { kind: 'memory' };
    case '':
      return refuse('the store names no kind: write sqlite:folder, mongodb://host/database or memory:');
    default:
      return refuse(`the store ${scheme}: is unknown: write sqlite:folder, mongodb://host/database or memory:`);
  }
}

/** The database of a service on a server of the MongoDB protocol. */
export function databaseOf(location: MongoLocation, service: ServiceKind): string {
  return location.database ?? `millrace_${service}`;
}

/** A location for messages and logs, without secrets. */
export function describeStore(location: StoreLocation): string {
  switch (location.kind) {
    case 'sqlite':
      return `sqlite:${location.folder}`;
    case 'mongodb':
      return `mongodb://${location.hosts.join(',')}/${location.database ?? ''}`;
    case 'memory':
      return 'memory:';
  }
}

function parseFolder(rest: string): string {
  // As in file URIs, two slashes begin a host, and there is none.
  const folder = rest.startsWith('//') ? rest.slice(2) : rest;
  if (folder === '' || (rest.startsWith('//') && !folder.startsWith('/'))) {
    refuse('sqlite: names no folder: write sqlite:./folder or sqlite:/absolute/folder');
  }
  if (folder.includes('\0')) {
    refuse('sqlite: the folder must not contain NUL');
  }
  return folder;
}

function parseMongo(scheme: string, rest: string): StoreLocation {
  const [, authority = '', path = '', query] = /^\/\/([^/?]*)(?:\/([^?]*))?(\?.*)?$/s.exec(rest) ?? [];
  if (authority.split('@').length > 2 || (authority === '' && rest.includes('@'))) {
    refuse(`${scheme}: the characters @ / ? : in a user or password must be percent-encoded`);
  }
  const hosts = (authority.split('@').at(-1) ?? '').split(',');
  const { pattern, rule } = scheme === 'mongodb' ? HOSTS : SERVICE_HOST;
  if (!hosts.every((host) => pattern.test(host)) || (scheme !== 'mongodb' && hosts.length > 1)) {
    refuse(`${scheme}: must name ${rule}`);
  }
  if (query?.includes('@')) {
    refuse(`${scheme}: the characters @ / ? : in a user or password must be percent-encoded`);
  }
  return { kind: 'mongodb', uri: `${scheme}:${rest}`, hosts, database: parseDatabase(scheme, path) };
}

const HOSTS = {
  pattern: /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i,
  rule: 'its hosts, such as mongodb://host:27017/database or mongodb://one,two,three/database',
} as const;
const SERVICE_HOST = {
  pattern: /^[a-z0-9._-]+$/i,
  rule: 'one host without a port, such as mongodb+srv://cluster.example.com/database',
} as const;

function parseDatabase(scheme: string, path: string): string | undefined {
  const name = maybeDecoded(path);
  if (name === '') {
    return undefined;
  }
  if (name === undefined || !/^[a-z0-9_-]+$/i.test(name)) {
    refuse(`${scheme}: the database must be of letters, digits, _ and -`);
  }
  if (name.length > MAX_DATABASE_BYTES) {
    refuse(`${scheme}: the database ${name} has ${name.length} bytes, at most ${MAX_DATABASE_BYTES} are allowed`);
  }
  return name;
}

function maybeDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function refuse(message: string): never {
  throw new StartError(message);
}
