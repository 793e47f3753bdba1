import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { createMongoJournal, type MongoJournalOptions } from '#libs/store/mongo/journal.ts';
import type { JournalStore } from './journal-contract.ts';

/** A journal in a database of its own, which is dropped at the end. */
export async function openMongoJournalStore(
  uri: string,
  options: MongoJournalOptions = { insertTimeoutMs: 30_000, readTimeoutMs: 30_000 },
): Promise<JournalStore & { readonly database: string }> {
  const database = `millrace_test_${randomUUID()}`;
  const stack = new AsyncDisposableStack();
  const client = stack.use(await new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 }).connect());
  stack.defer(async () => void (await client.db(database).dropDatabase()));
  // The first insert makes the collection, which takes a while on some servers.
  await client.db(database).createCollection('journal');
  return {
    database,
    async open(context) {
      const owner = stack.use(await new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 }).connect());
      return createMongoJournal(owner.db(database), context, options);
    },
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}
