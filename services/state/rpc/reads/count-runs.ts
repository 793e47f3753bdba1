import type { StateTables } from '#libs/store/store.ts';
import type { HeadFilter } from '#libs/store/tables/heads.ts';
import { ALL_STATUSES, type RunSelection } from './run-selection.ts';
import { scanRuns } from './scan-runs.ts';

/** How many runs there are, and how many of each status that occurs. */
export interface RunCounts {
  readonly count: number;
  /** Empty when it was not asked for. */
  readonly byStatus: ReadonlyMap<string, number>;
}

/** What is counted. */
export interface RunCountOptions {
  readonly tenantId: string;
  readonly selection: RunSelection;
  readonly byStatus: boolean;
  readonly signal: AbortSignal;
}

/** Counts runs: by the indexes of the store where it filters by all that is asked for, else by looking at every run. */
export async function countRuns(tables: StateTables, options: RunCountOptions): Promise<RunCounts> {
  const { tenantId, selection, byStatus } = options;
  const { lookup, isExact } = selection;
  if (lookup === undefined) return { count: 0, byStatus: new Map() };
  if (!isExact) return await countByScan(tables, options, lookup);
  if (!byStatus) return { count: await tables.countHeads(tenantId, lookup), byStatus: new Map() };
  const statuses = lookup.statuses ?? ALL_STATUSES;
  const counted = await Promise.all(
    statuses.map(
      async (status) => [status, await tables.countHeads(tenantId, { ...lookup, statuses: [status] })] as const,
    ),
  );
  return countsFrom(new Map(counted.filter(([, count]) => count > 0)));
}

async function countByScan(
  tables: StateTables,
  { tenantId, selection, byStatus, signal }: RunCountOptions,
  lookup: HeadFilter,
): Promise<RunCounts> {
  const counts = new Map<string, number>();
  const { includesReplaced } = selection;
  const scan = { tenantId, lookup, includesReplaced, after: undefined, offset: 0, wanted: Infinity, signal };
  for await (const listed of scanRuns(tables, scan)) {
    if (!(await selection.matches(listed))) continue;
    counts.set(listed.status, (counts.get(listed.status) ?? 0) + 1);
  }
  const { count, byStatus: ofEach } = countsFrom(counts);
  return { count, byStatus: byStatus ? ofEach : new Map() };
}

function countsFrom(byStatus: ReadonlyMap<string, number>): RunCounts {
  return { count: byStatus.values().reduce((sum, one) => sum + one, 0), byStatus };
}
