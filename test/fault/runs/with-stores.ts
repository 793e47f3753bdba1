import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeWithMongo } from '#test/servers/servers.ts';
import { createTestFolder } from '#test/service-process.ts';

/** Where a suite keeps its runs. */
export interface RunHome {
  readonly kind: 'sqlite' | 'mongo';
  /** A store that nobody else has. */
  newStore(): string;
  /** A folder for diaries and working folders. */
  folder(): string;
}

/** A suite for the store that needs nothing. */
export function describeRunsInSqlite(name: string, suite: (home: RunHome) => void): void {
  describe(name, () => {
    const folder = useFolder();
    suite({ kind: 'sqlite', newStore: () => `sqlite:${folder()}/${randomUUID()}`, folder });
  });
}

/** A suite for the store that several nodes share. */
export function describeRunsInMongo(name: string, suite: (home: RunHome) => void): void {
  describeWithMongo(name, (uri) => {
    const folder = useFolder();
    const databases: string[] = [];
    afterAll(async () => {
      await using client = await new MongoClient(uri).connect();
      for (const database of databases) await client.db(database).dropDatabase();
    });
    suite({
      kind: 'mongo',
      newStore: () => {
        const database = `mr_${randomUUID().replaceAll('-', '')}`;
        databases.push(database);
        const store = new URL(uri);
        store.pathname = `/${database}`;
        return store.href;
      },
      folder,
    });
  });
}

function useFolder(): () => string {
  let folder: ReturnType<typeof createTestFolder> | undefined;
  beforeAll(() => {
    folder = createTestFolder();
  });
  afterAll(() => folder?.[Symbol.dispose]());
  return () => folder?.path ?? '';
}
