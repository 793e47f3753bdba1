import { journalContract } from '#test/contract/store/journal/journal-contract.ts';
import { openMongoJournalStore } from '#test/contract/store/journal/mongo-store.ts';
import { describeWithMongo } from '#test/servers/servers.ts';

describeWithMongo('with a MongoDB-protocol server', (uri) => {
  journalContract('the journal in MongoDB', () => openMongoJournalStore(uri), { rowOfPages: 300, sequences: 10 });
});
