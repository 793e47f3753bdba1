import { claimsContract } from './claims-contract.ts';
import { definitionsContract } from './definitions-contract.ts';
import { eventsContract } from './events-contract.ts';
import { eventsWatchContract } from './events-watch-contract.ts';
import { explainContract } from './explain-contract.ts';
import { payloadsContract } from './payloads-contract.ts';
import { runsListsContract } from './runs-lists-contract.ts';
import { snapshotsContract } from './snapshots-contract.ts';
import { createMemoryStateHome } from './state-homes.ts';
import { unaryLeasesContract } from './unary-leases-contract.ts';
import { unaryPollsContract } from './unary-polls-contract.ts';
import { unaryWorkContract } from './unary-work-contract.ts';

// Those that name lines of the conformance; what else services do does not depend on the store in tests.
definitionsContract('definitions in memory', createMemoryStateHome);
payloadsContract('payloads in memory', createMemoryStateHome);
runsListsContract('lists of runs in memory', createMemoryStateHome);
eventsContract('events in memory', createMemoryStateHome);
eventsWatchContract('watches of events in memory', createMemoryStateHome);
explainContract('explanations in memory', createMemoryStateHome);
unaryPollsContract('polls of workers in memory', createMemoryStateHome);
unaryLeasesContract('leases of unary calls in memory', createMemoryStateHome);
unaryWorkContract('unary work in memory', createMemoryStateHome);
snapshotsContract('snapshots in memory', createMemoryStateHome);
claimsContract('claims in memory', createMemoryStateHome);
