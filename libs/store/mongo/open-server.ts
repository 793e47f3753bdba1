import type { Document } from 'mongodb';
import type { StoreServer } from '../store.ts';

/** A server behind the MongoDB protocol. */
export interface MongoServer extends StoreServer {
  /** Whether it reads rows in the order of an index; where it sorts them instead, long lists are read otherwise. */
  readonly sortsByIndex: boolean;
  /** Whether it is a router in front of shards. */
  readonly isRouter: boolean;
}

/** Clouds whose answers are those of MongoDB itself, told by the names of their hosts. */
const CLOUDS: readonly (readonly [host: RegExp, kind: string])[] = [
  [/\.docdb(-elastic)?\.amazonaws\.com(\.cn)?(:\d+)?$/i, 'Amazon DocumentDB'],
  [/\.cosmos\.azure\.(com|us|cn)(:\d+)?$/i, 'Azure Cosmos DB'],
  [/\.firestore\.goog(:\d+)?$/i, 'Firestore'],
];

/** Those that are built on the DocumentDB extension of PostgreSQL sort in memory. */
const SORTERS: ReadonlySet<string> = new Set(['FerretDB', 'DocumentDB', 'Azure Cosmos DB']);

/** Says which server answers, from its `buildInfo` and `hello` and from the hosts that were asked. */
export function identifyServer(buildInfo: Document, hello: Document, hosts: readonly string[]): MongoServer {
  const [kind, version] = kindAndVersion(buildInfo, hello, hosts);
  return { kind, version, sortsByIndex: !SORTERS.has(kind), isRouter: hello['msg'] === 'isdbgrid' };
}

function kindAndVersion(buildInfo: Document, hello: Document, hosts: readonly string[]): [string, string] {
  const version = textOf(buildInfo['version']);
  const ferretVersion = textOf(buildInfo['ferretdb']?.['version']) || textOf(buildInfo['ferretdbVersion']);
  if (ferretVersion !== '') {
    return ['FerretDB', ferretVersion.replace(/^v/, '')];
  }
  const cloud = CLOUDS.find(([host]) => hosts.some((one) => host.test(one)));
  if (cloud !== undefined) {
    return [cloud[1], version];
  }
  if (hello['internal']?.['documentdb_versions'] !== undefined) {
    return ['DocumentDB', version];
  }
  return ['MongoDB', version];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
