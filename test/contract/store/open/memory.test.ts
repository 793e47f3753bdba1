import { openContract } from './open-contract.ts';
import { createMemoryHome } from './store-homes.ts';

openContract('opening a store in memory', createMemoryHome, false);
