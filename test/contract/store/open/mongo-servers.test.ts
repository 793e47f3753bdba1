import type { Document } from 'mongodb';
import { expect, test } from 'vitest';
import { connectDatabase } from '#libs/store/mongo/open.ts';
import { identifyServer } from '#libs/store/mongo/open-server.ts';
import { type MongoLocation, parseStoreUri } from '#libs/store/opening/uri.ts';
import { startFakeMongo } from './fake-mongo.ts';

const signal = new AbortController().signal;
const DUPLICATE = 11000;

test.each([
  [{ version: '8.0.4' }, {}, 'db:27017', 'MongoDB', '8.0.4', true],
  [{ version: '7.0.77', ferretdb: { version: 'v2.7.0' } }, {}, 'db', 'FerretDB', '2.7.0', false],
  [{ version: '6.0.42', ferretdbVersion: 'v1.24.0' }, {}, 'db', 'FerretDB', '1.24.0', false],
  [{ version: '7.0.0' }, { internal: { documentdb_versions: ['0.106'] } }, 'db', 'DocumentDB', '7.0.0', false],
  [{ version: '5.0.0' }, {}, 'x.docdb.amazonaws.com:27017', 'Amazon DocumentDB', '5.0.0', true],
  [{ version: '7.0.0' }, {}, 'x.mongocluster.cosmos.azure.com', 'Azure Cosmos DB', '7.0.0', false],
  [{}, {}, 'db', 'MongoDB', '', true],
])('%j is told from others', (buildInfo, hello, host, kind, version, sortsByIndex) => {
  expect(identifyServer(buildInfo, hello, [host])).toEqual({ kind, version, sortsByIndex, isRouter: false });
});

/** What a server answers that does everything, in the order in which it is asked. */
function createGoodServer(overrides: (command: Document, name: string) => Document | undefined = () => undefined) {
  let inserts = 0;
  let updates = 0;
  const errors = (...indexes: number[]): Document => ({
    writeErrors: indexes.map((index) => ({ index, code: DUPLICATE, errmsg: 'duplicate key' })),
  });
  return startFakeMongo((command, name) => {
    const override = overrides(command, name);
    if (override !== undefined) return override;
    switch (name) {
      case 'buildInfo':
        return { version: '8.0.4' };
      case 'insert':
        inserts += 1;
        return { n: 1, ...(inserts === 2 ? errors(0, 2) : inserts === 3 ? errors(1) : {}) };
      case 'update':
        updates += 1;
        return updates === 3 ? { n: 0, ...errors(0) } : { n: 1 };
      case 'find': {
        const { $gte, $lte } = (command['filter']?._id ?? {}) as Document;
        const firstBatch = $gte === undefined ? [] : [{ _id: $lte }, { _id: $gte }];
        return { cursor: { id: 0n, ns: 'x.y', firstBatch } };
      }
      default:
        return undefined;
    }
  });
}

async function connect(uri: string): Promise<string> {
  const { server, close } = await connectDatabase(parseStoreUri(uri) as MongoLocation, 'state', signal);
  await close();
  return `${server.kind} ${server.version}`;
}

test('a server that does what is needed is taken', async () => {
  await using server = await createGoodServer();
  expect(await connect(server.uri)).toBe('MongoDB 8.0.4');
  expect(server.commands).toContain('delete');
});

test.each<[what: string, override: (command: Document, name: string) => Document | undefined, message: string]>([
  [
    'whose writes wait for nobody',
    (_, name) => (name === 'insert' ? { n: 1, writeConcernError: { code: 79, errmsg: 'unknown' } } : undefined),
    'writes with the write concern majority and journal',
  ],
  [
    'whose unique indexes are not',
    (command, name) => (name === 'insert' && command['documents']?.[1]?._id.endsWith('-b') ? { n: 2 } : undefined),
    'it lacks: unique indexes',
  ],
  [
    'that has no indexes',
    (_, name) => (name === 'createIndexes' ? { ok: 0, code: 59, errmsg: 'no such command' } : undefined),
    'it lacks: unique indexes (no such command)',
  ],
  [
    'that stops at a duplicate',
    (command, name) =>
      name === 'insert' && command['documents']?.length === 3
        ? { n: 0, writeErrors: [{ index: 0, code: DUPLICATE }] }
        : undefined,
    'an unordered insert that goes on',
  ],
  [
    'that does not sort',
    (_, name) => (name === 'find' ? { cursor: { id: 0n, ns: 'x.y', firstBatch: [] } } : undefined),
    'reads of a range of _id in order',
  ],
  [
    'whose upserts double',
    (_, name) => (name === 'update' ? { n: 1 } : undefined),
    'guarded updates and upserts that a newer document refuses',
  ],
])('a server %s is refused, naming it', async (_, override, message) => {
  await using server = await createGoodServer(override);
  const attempt = connect(server.uri);
  await expect(attempt).rejects.toThrow('MongoDB 8.0.4 at 127.0.0.1');
  await expect(attempt).rejects.toThrow(message);
});

test.each<[key: Document | undefined, isTaken: boolean]>([
  [undefined, true],
  [{ _id: 1 }, true],
  [{ _id: 'hashed' }, false],
  [{ partition: 1 }, false],
])('a journal sharded by %j is taken: %s', async (key, isTaken) => {
  await using server = await createGoodServer((command, name) => {
    if (name === 'hello') return { msg: 'isdbgrid' };
    if (name !== 'find' || command['find'] !== 'collections') return undefined;
    const firstBatch = key === undefined ? [] : [{ _id: 'millrace_state.journal', key }];
    return { cursor: { id: 0n, ns: 'config.collections', firstBatch } };
  });
  const found = await connect(server.uri).catch((error: unknown) => String(error));
  expect(found).toContain(isTaken ? 'MongoDB 8.0.4' : 'millrace_state.journal is sharded by');
});

test('a refused user is told so, without the password', async () => {
  await using server = await createGoodServer((_, name) =>
    name === 'saslStart' ? { ok: 0, code: 18, errmsg: 'Authentication failed.' } : undefined,
  );
  const attempt = connect(server.uri.replace('//', '//somebody:hunter2@'));
  await expect(attempt).rejects.toThrow('the user or the password is refused');
  await expect(attempt).rejects.not.toThrow('hunter2');
});
