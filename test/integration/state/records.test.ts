import { clientRestartsContract } from '#test/contract/state/client-restarts-contract.ts';
import { controlsContract } from '#test/contract/state/controls-contract.ts';
import { eventsAppendContract } from '#test/contract/state/events-append-contract.ts';
import { runStateContract } from '#test/contract/state/run-state-contract.ts';
import { runStatusContract } from '#test/contract/state/run-status-contract.ts';
import { clientSignalsContract } from '#test/contract/state/signals-contract.ts';
import { createMongoStateHome } from '#test/contract/state/state-homes.ts';
import { describeWithMongo } from '#test/servers/servers.ts';

describeWithMongo('with a MongoDB-protocol server', (uri) => {
  controlsContract('controls in MongoDB', () => createMongoStateHome(uri));
  eventsAppendContract('appends in MongoDB', () => createMongoStateHome(uri));
  clientSignalsContract('signals in MongoDB', () => createMongoStateHome(uri));
  runStatusContract('statuses in MongoDB', () => createMongoStateHome(uri));
  runStateContract('state documents in MongoDB', () => createMongoStateHome(uri));
  clientRestartsContract('restarts in MongoDB', () => createMongoStateHome(uri));
});
