import type { StateTables } from '#libs/store/store.ts';
import { StoreError } from '#libs/store/store-error.ts';
import type { PartitionLeaseRow } from '#libs/store/tables/leases.ts';
import type { MemberRow } from '#libs/store/tables/members.ts';
import type { Versioned, VersionedTable } from '#libs/store/tables/versioned.ts';
import type { SimulatedMachine, SimulatedWorld } from './simulated-world.ts';

/** The tables that ownership uses. */
export type OwnershipTables = Pick<StateTables, 'leases' | 'members'>;

/** How a machine reaches the store. */
export interface SimulatedLink {
  readonly tables: OwnershipTables;
  /** Milliseconds that a call takes each way at most. */
  delayMs: number;
  /** Share of the calls that fail; half of them after they were carried out. */
  failing: number;
  /** Calls that were made. */
  readonly calls: number;
}

type ListedTable<K, R extends Versioned> = VersionedTable<K, R> & { list(): Promise<readonly R[]> };

/** Makes a link between a machine and shared tables. */
export function createSimulatedLink(
  world: SimulatedWorld,
  machine: SimulatedMachine,
  shared: OwnershipTables,
  random: () => number,
): SimulatedLink {
  const link = { delayMs: 2, failing: 0, calls: 0 };

  function call<T>(work: () => Promise<T>): Promise<T> {
    link.calls += 1;
    const thereMs = random() * link.delayMs;
    const backMs = random() * link.delayMs;
    const fate = random() < link.failing ? (random() < 0.5 ? 'never arrives' : 'no answer') : 'good';
    return new Promise((resolve, reject) => {
      world.at(world.nowMs + thereMs, () => {
        const fail = (): void => reject(new StoreError('unreachable', 'the link is cut'));
        const answer = (fn: () => void): void => world.at(world.nowMs + backMs, () => machine.deliver(fn));
        if (fate === 'never arrives') answer(fail);
        else
          work().then(
            (result) => answer(fate === 'good' ? () => resolve(result) : fail),
            (error: unknown) => answer(() => reject(error as Error)),
          );
      });
    });
  }

  function through<K, R extends Versioned>(table: ListedTable<K, R>): ListedTable<K, R> {
    return {
      read: (key) => call(() => table.read(key)),
      insert: (row) => call(() => table.insert(row)),
      replace: (row) => call(() => table.replace(row)),
      delete: (key, revision) => call(() => table.delete(key, revision)),
      list: () => call(() => table.list()),
    };
  }

  return Object.assign(link, {
    tables: {
      leases: through<number, PartitionLeaseRow>(shared.leases),
      members: through<string, MemberRow>(shared.members),
    },
  });
}
