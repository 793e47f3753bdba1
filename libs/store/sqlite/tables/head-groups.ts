import type { HeadFilter } from '#libs/store/tables/heads.ts';
import { number, text } from './columns.ts';
import type { TablesFile } from './tables-file.ts';

/** Heads of a tenant that have workflow, version and status in common. */
export interface HeadGroup {
  readonly workflow: string;
  readonly version: string;
  readonly status: string;
  readonly count: number;
}

/** The columns that heads are counted by. */
export const HEAD_COUNT_COLUMNS: readonly string[] = ['tenant_id', 'workflow', 'version', 'status', 'is_open'];

/** The groups of heads, read from their counts. */
export interface HeadGroups {
  /** The groups of a tenant that satisfy a filter, as far as it speaks of groups. None is empty. */
  readGroups(tenantId: string, filter: HeadFilter): readonly HeadGroup[];
  /** How many heads a tenant has. */
  countAll(tenantId: string): number;
  /** How many heads of a workflow's version are unfinished. */
  countOpen(tenantId: string, workflow: string, version: string): number;
}

/** Makes the readers of groups. */
export function createHeadGroups(file: TablesFile): HeadGroups {
  const select = 'SELECT workflow, version, status, sum(count) AS count FROM head_counts WHERE tenant_id = ?';
  const ofTenant = file.prepare(`${select} GROUP BY workflow, version, status`);
  const ofWorkflow = file.prepare(`${select} AND workflow = ? GROUP BY workflow, version, status`);
  const countAll = file.prepare('SELECT coalesce(sum(count), 0) AS count FROM head_counts WHERE tenant_id = ?');
  const countOpen = file.prepare(`
    SELECT coalesce(sum(count), 0) AS count FROM head_counts
    WHERE tenant_id = ? AND workflow = ? AND version = ? AND is_open = 1`);
  return {
    readGroups(tenantId, { workflow, version, statuses = [] }) {
      const rows = workflow === undefined ? ofTenant.all(tenantId) : ofWorkflow.all(tenantId, workflow);
      return rows
        .map((row) => ({
          workflow: text(row, 'workflow'),
          version: text(row, 'version'),
          status: text(row, 'status'),
          count: number(row, 'count'),
        }))
        .filter(
          (group) =>
            (version === undefined || group.version === version) &&
            (statuses.length === 0 || statuses.includes(group.status)),
        );
    },
    countAll: (tenantId) => Number(countAll.get(tenantId)?.['count']),
    countOpen: (tenantId, workflow, version) => Number(countOpen.get(tenantId, workflow, version)?.['count']),
  };
}
