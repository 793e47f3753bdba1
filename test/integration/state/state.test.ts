import { definitionListsContract } from '#test/contract/state/definition-lists-contract.ts';
import { definitionsContract } from '#test/contract/state/definitions-contract.ts';
import { payloadsContract } from '#test/contract/state/payloads-contract.ts';
import { createMongoStateHome } from '#test/contract/state/state-homes.ts';
import { describeWithMongo } from '#test/servers/servers.ts';

describeWithMongo('with a MongoDB-protocol server', (uri) => {
  definitionsContract('definitions in MongoDB', () => createMongoStateHome(uri));
  definitionListsContract('lists of definitions in MongoDB', () => createMongoStateHome(uri));
  payloadsContract('payloads in MongoDB', () => createMongoStateHome(uri));
});
