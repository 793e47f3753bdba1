import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { describeWithMongo } from '#test/servers/servers.ts';
import { createTestFolder, startProgram } from '#test/service-process.ts';

describeWithMongo('the services on a server of the MongoDB protocol', (uri) => {
  test('dev gives each service a database of its own, says which server it found, and opens it again', async () => {
    using folder = createTestFolder();
    const database = `test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const store = new URL(uri);
    store.pathname = `/${database}`;
    const env = { MILLRACE_STORE: store.href };
    try {
      for (const start of ['first', 'second']) {
        await using running = await startProgram('dev', { folder: folder.path, env });
        for (const service of ['state', 'registry']) {
          const response = await fetch(`${running.http[service]}/millrace.common.v1.SystemService/GetInfo`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: '{}',
          });
          expect([start, await response.json()]).toMatchObject([
            start,
            { service, store: { kind: 'STORE_KIND_MONGODB', format: 1, product: expect.stringMatching(/\w/) } },
          ]);
        }
        running.signal('SIGTERM');
        expect((await running.ended).code).toBe(0);
      }
    } finally {
      await using client = await MongoClient.connect(uri);
      await Promise.all(['state', 'registry'].map((service) => client.db(`${database}_${service}`).dropDatabase()));
    }
  });
});
