import type { StateHome } from '#test/contract/state/state-homes.ts';
import { childrenContract } from './children-contract.ts';
import { controlsContract } from './controls-contract.ts';
import type { RunsContract } from './describe-served.ts';
import { failOversContract } from './fail-overs-contract.ts';
import { functionsContract } from './functions-contract.ts';
import { leasesContract } from './leases-contract.ts';
import { offersContract } from './offers-contract.ts';
import { poisonedRunsContract } from './poisoned-runs-contract.ts';
import { retriesContract } from './retries-contract.ts';
import { signalsContract } from './signals-contract.ts';
import { startsContract } from './starts-contract.ts';
import { timersContract } from './timers-contract.ts';

const CONTRACTS: Readonly<Record<string, RunsContract>> = {
  starts: startsContract,
  leases: leasesContract,
  offers: offersContract,
  controls: controlsContract,
  signals: signalsContract,
  retries: retriesContract,
  timers: timersContract,
  'poisoned runs': poisonedRunsContract,
  functions: functionsContract,
  children: childrenContract,
  'fail-overs': failOversContract,
};

/** Everything that must hold of runs of functions, on one store. */
export function runsContracts(store: string, createHome: () => Promise<StateHome>): void {
  for (const [about, contract] of Object.entries(CONTRACTS)) contract(`${about} in ${store}`, createHome);
}
