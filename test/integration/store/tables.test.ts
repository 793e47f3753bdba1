import { openMongoTablesStore } from '#test/contract/store/tables/mongo-store.ts';
import { tablesContract } from '#test/contract/store/tables/tables-contract.ts';
import { describeWithMongo } from '#test/servers/servers.ts';

describeWithMongo('with a MongoDB-protocol server', (uri) => {
  tablesContract('the tables in MongoDB', () => openMongoTablesStore(uri), { sequences: 10 });
  tablesContract(
    'the tables in MongoDB, read by windows of time',
    () => openMongoTablesStore(uri, { timeoutMs: 30_000, sortsByIndex: false }),
    { sequences: 10 },
  );
});
