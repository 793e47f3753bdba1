import { backupContract, damageContract } from './backup-contract.ts';
import { createMemoryHome, createSqliteHome } from './store-homes.ts';

backupContract('a backup from memory into SQLite', createMemoryHome, createSqliteHome);
backupContract('a backup from SQLite into memory', createSqliteHome, createMemoryHome);
damageContract('backups of SQLite', createSqliteHome);
