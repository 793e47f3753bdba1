import { createSqliteStateHome } from '#test/contract/state/state-homes.ts';
import { brokenRowsContract } from './broken-rows-contract.ts';
import { replacedRunsContract } from './replaced-runs-contract.ts';
import { servedNodesContract } from './served-nodes-contract.ts';
import { storedRunsContract } from './stored-runs-contract.ts';

storedRunsContract('runs that are stored in SQLite', createSqliteStateHome, 10);
replacedRunsContract('runs that were replaced, in SQLite', createSqliteStateHome, 10);
brokenRowsContract('broken rows in SQLite', createSqliteStateHome);
servedNodesContract('served nodes, in SQLite', createSqliteStateHome);
