import { definitionListsContract } from './definition-lists-contract.ts';
import { definitionsContract } from './definitions-contract.ts';
import { payloadsContract } from './payloads-contract.ts';
import { createSqliteStateHome } from './state-homes.ts';

definitionsContract('definitions in SQLite', createSqliteStateHome);
definitionListsContract('lists of definitions in SQLite', createSqliteStateHome);
payloadsContract('payloads in SQLite', createSqliteStateHome);
