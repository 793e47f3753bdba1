import { partitionOfSlot, slotOf } from '#libs/store/slots.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { PageRequest } from '#libs/store/tables/page.ts';

/** Runs of one page: a head may have a hundred kilobytes. */
const PAGE_ROWS = 64;

/** Where runs that have not ended are looked for. */
export interface RunningOptions {
  readonly partition: number;
  readonly partitionCount: number;
  readonly tables: Pick<StateTables, 'listHeads'>;
  /** Resolves once the tables show everything that has happened. */
  readonly settle: () => Promise<void>;
}

/** The runs of a definition, named `workflow@version`, that have begun and not ended, a page at a time. */
export type RunningRuns = (tenantId: string, workflow: string, version: string) => AsyncIterable<readonly RunKey[]>;

/** Makes the look of a partition for its own runs, which goes through those of all partitions. */
export function createRunningRuns({ partition, partitionCount, tables, settle }: RunningOptions): RunningRuns {
  return async function* (tenantId, workflow, version) {
    await settle();
    const filter = { statuses: ['RUNNING', 'PAUSED'], workflow, version };
    let request: PageRequest | undefined = { limit: PAGE_ROWS };
    while (request !== undefined) {
      const { rows, nextToken }: Awaited<ReturnType<typeof tables.listHeads>> = await tables.listHeads(
        tenantId,
        filter,
        request,
      );
      yield rows.filter(({ runId }) => partitionOfSlot(slotOf(tenantId, runId), partitionCount) === partition);
      request = nextToken === undefined ? undefined : { limit: PAGE_ROWS, token: nextToken };
    }
  };
}
