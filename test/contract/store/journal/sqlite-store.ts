import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteJournal } from '#libs/store/sqlite/journal.ts';
import type { JournalStore } from './journal-contract.ts';

/** A journal in a folder of its own, which is removed at the end. */
export async function openSqliteJournalStore(): Promise<JournalStore & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-journal-'));
  const stack = new AsyncDisposableStack();
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  return {
    folder,
    open: async (context) => stack.use(openSqliteJournal(folder, context)).journal,
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}
