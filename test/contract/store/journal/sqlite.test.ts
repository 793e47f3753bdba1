import { journalContract } from './journal-contract.ts';
import { openSqliteJournalStore } from './sqlite-store.ts';

journalContract('the journal in SQLite', openSqliteJournalStore, { rowOfPages: 600, sequences: 30 });
