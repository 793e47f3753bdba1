import { runsContracts } from '#test/contract/runs/runs-contracts.ts';
import { createMongoStateHome } from '#test/contract/state/state-homes.ts';
import { describeWithMongo } from '#test/servers/servers.ts';

describeWithMongo('with a MongoDB-protocol server', (uri) => {
  runsContracts('MongoDB', () => createMongoStateHome(uri));
});
