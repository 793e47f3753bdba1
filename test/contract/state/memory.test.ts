import { definitionListsContract } from './definition-lists-contract.ts';
import { definitionsContract } from './definitions-contract.ts';
import { payloadsContract } from './payloads-contract.ts';
import { createMemoryStateHome } from './state-homes.ts';

definitionsContract('definitions in memory', createMemoryStateHome);
definitionListsContract('lists of definitions in memory', createMemoryStateHome);
payloadsContract('payloads in memory', createMemoryStateHome);
