import { MongoClient } from 'mongodb';
import type { Journal } from '#libs/store/journal/journal.ts';
import type { JournalContext } from '#libs/store/journal/journal-context.ts';
import { createMongoJournal } from '#libs/store/mongo/journal.ts';
import { openSqliteJournal } from '#libs/store/sqlite/journal.ts';

/** Where a journal is, in a form that goes to another process. */
export type JournalLocation =
  | { readonly kind: 'sqlite'; readonly folder: string }
  | { readonly kind: 'mongo'; readonly uri: string; readonly database: string };

/** A journal that was opened, until it is disposed. */
export interface OpenedJournal extends AsyncDisposable {
  readonly journal: Journal;
}

/** Opens the journal at a location, as each of several owners does. */
export async function openJournalAt(location: JournalLocation, context: JournalContext): Promise<OpenedJournal> {
  if (location.kind === 'sqlite') {
    const opened = openSqliteJournal(location.folder, context);
    return { journal: opened.journal, [Symbol.asyncDispose]: async () => opened[Symbol.dispose]() };
  }
  const client = await new MongoClient(location.uri, { serverSelectionTimeoutMS: 10_000 }).connect();
  return {
    journal: createMongoJournal(client.db(location.database), context),
    [Symbol.asyncDispose]: async () => await client.close(),
  };
}
