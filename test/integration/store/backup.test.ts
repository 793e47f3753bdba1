import { backupContract, damageContract } from '#test/contract/store/open/backup-contract.ts';
import { createMongoHome, createSqliteHome } from '#test/contract/store/open/store-homes.ts';
import { describeWithMongo } from '#test/servers/servers.ts';

describeWithMongo('with a MongoDB-protocol server', (uri) => {
  backupContract('a backup from SQLite into MongoDB', createSqliteHome, () => createMongoHome(uri));
  backupContract('a backup from MongoDB into SQLite', () => createMongoHome(uri), createSqliteHome);
  damageContract('backups of MongoDB', () => createMongoHome(uri));
});
