import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeWithMongo } from '#test/servers/servers.ts';
import type { JournalLocation } from './location.ts';

/** A suite for each store that survives a process. `location` is known inside of tests. */
export function describeDurableJournals(name: string, suite: (location: () => JournalLocation) => void): void {
  describe(`${name}, in SQLite`, () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'millrace-journal-'));
    });
    afterAll(async () => await rm(folder, { recursive: true, force: true }));
    suite(() => ({ kind: 'sqlite', folder }));
  });

  describeWithMongo(`${name}, in MongoDB`, (uri) => {
    const database = `millrace_test_${randomUUID()}`;
    beforeAll(async () => {
      await using client = await new MongoClient(uri).connect();
      await client.db(database).createCollection('journal');
    });
    afterAll(async () => {
      await using client = await new MongoClient(uri).connect();
      await client.db(database).dropDatabase();
    });
    suite(() => ({ kind: 'mongo', uri, database }));
  });
}
