import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { connect } from 'nats';
import { expect, test } from 'vitest';
import { describeWithMongo, describeWithNats } from '#test/servers/servers.ts';

describeWithMongo('the MongoDB-protocol server', (uri) => {
  test('keeps a document and refuses a second one with the same id', async () => {
    await using client = await new MongoClient(uri, { serverSelectionTimeoutMS: 5000 }).connect();
    const database = client.db(`millrace_test_${randomUUID()}`);
    const documents = database.collection<{ _id: string; position: bigint }>('documents');
    try {
      await documents.insertOne({ _id: 'a', position: 1n }, { writeConcern: { w: 'majority', j: true } });
      await expect(documents.insertOne({ _id: 'a', position: 2n })).rejects.toMatchObject({ code: 11000 });
      await expect(documents.findOne({ _id: 'a' }, { useBigInt64: true })).resolves.toEqual({ _id: 'a', position: 1n });
    } finally {
      await database.dropDatabase();
    }
  });
});

describeWithNats('the NATS server', (url) => {
  test('delivers a message and has JetStream', async () => {
    const connection = await connect({ servers: url, timeout: 5000 });
    try {
      const subject = `millrace_test.${randomUUID()}`;
      const subscription = connection.subscribe(subject, { max: 1 });
      connection.publish(subject, 'hello');
      for await (const message of subscription) expect(message.string()).toBe('hello');
      expect(connection.info?.jetstream).toBe(true);
    } finally {
      await connection.close();
    }
  });
});
