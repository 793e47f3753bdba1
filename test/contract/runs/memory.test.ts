import { createMemoryStateHome } from '#test/contract/state/state-homes.ts';
import { runsContracts } from './runs-contracts.ts';

runsContracts('memory', createMemoryStateHome);
