import { definitionListsContract } from '#test/contract/state/definition-lists-contract.ts';
import { definitionsContract } from '#test/contract/state/definitions-contract.ts';
import { eventsContract } from '#test/contract/state/events-contract.ts';
import { eventsWatchContract } from '#test/contract/state/events-watch-contract.ts';
import { explainContract } from '#test/contract/state/explain-contract.ts';
import { payloadsContract } from '#test/contract/state/payloads-contract.ts';
import { runsListsContract } from '#test/contract/state/runs-lists-contract.ts';
import { runsWatchContract } from '#test/contract/state/runs-watch-contract.ts';
import { createMongoStateHome } from '#test/contract/state/state-homes.ts';
import { unaryLeasesContract } from '#test/contract/state/unary-leases-contract.ts';
import { unaryPollsContract } from '#test/contract/state/unary-polls-contract.ts';
import { unaryWorkContract } from '#test/contract/state/unary-work-contract.ts';
import { workersContract } from '#test/contract/state/workers-contract.ts';
import { describeWithMongo } from '#test/servers/servers.ts';

describeWithMongo('with a MongoDB-protocol server', (uri) => {
  definitionsContract('definitions in MongoDB', () => createMongoStateHome(uri));
  definitionListsContract('lists of definitions in MongoDB', () => createMongoStateHome(uri));
  payloadsContract('payloads in MongoDB', () => createMongoStateHome(uri));
  runsListsContract('lists of runs in MongoDB', () => createMongoStateHome(uri));
  runsWatchContract('watches of runs in MongoDB', () => createMongoStateHome(uri));
  eventsContract('events in MongoDB', () => createMongoStateHome(uri));
  eventsWatchContract('watches of events in MongoDB', () => createMongoStateHome(uri));
  explainContract('explanations in MongoDB', () => createMongoStateHome(uri));
  workersContract('workers in MongoDB', () => createMongoStateHome(uri));
  unaryPollsContract('polls of workers in MongoDB', () => createMongoStateHome(uri));
  unaryLeasesContract('leases of unary calls in MongoDB', () => createMongoStateHome(uri));
  unaryWorkContract('unary work in MongoDB', () => createMongoStateHome(uri));
});
