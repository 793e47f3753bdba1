import { createMemoryStateHome } from '#test/contract/state/state-homes.ts';
import { brokenRowsContract } from './broken-rows-contract.ts';
import { replacedRunsContract } from './replaced-runs-contract.ts';
import { servedNodesContract } from './served-nodes-contract.ts';
import { storedRunsContract } from './stored-runs-contract.ts';

storedRunsContract('runs that are stored in memory', createMemoryStateHome, 40);
replacedRunsContract('runs that were replaced, in memory', createMemoryStateHome, 60);
brokenRowsContract('broken rows in memory', createMemoryStateHome);
servedNodesContract('served nodes, in memory', createMemoryStateHome);
