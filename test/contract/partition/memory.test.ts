import { createMemoryStateHome } from '#test/contract/state/state-homes.ts';
import { brokenRowsContract } from './broken-rows-contract.ts';
import { fullListsContract } from './full-lists-contract.ts';
import { replacedRunsContract } from './replaced-runs-contract.ts';
import { storedRunsContract } from './stored-runs-contract.ts';

storedRunsContract('runs that are stored in memory', createMemoryStateHome, 40);
replacedRunsContract('runs that were replaced, in memory', createMemoryStateHome, 60);
brokenRowsContract('broken rows in memory', createMemoryStateHome);
fullListsContract('full lists in memory', createMemoryStateHome);
