import { createMemoryJournal, createMemoryJournalBackend } from '#libs/store/memory/journal.ts';
import { journalContract } from './journal-contract.ts';

journalContract(
  'the journal in memory',
  async () => {
    const backend = createMemoryJournalBackend();
    return {
      open: async (context) => createMemoryJournal(context, backend),
      [Symbol.asyncDispose]: async () => {},
    };
  },
  { rowOfPages: 600, sequences: 100 },
);
