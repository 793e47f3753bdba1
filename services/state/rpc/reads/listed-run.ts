import type { DefinitionRules } from '#libs/engine/model/definition-rules.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { attributeRows } from '#libs/partition/rows/attribute-rows.ts';
import { maybeLoadPastRun, maybeLoadRun } from '#libs/partition/rows/load-run.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { FilteredHead } from '#libs/store/tables/head-match.ts';
import type { HeadRow, PastHeadRow } from '#libs/store/tables/heads.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';

/** Where an incarnation stands in a list: by its run's newest start, and within the run the newest first. */
export type ListPlace = readonly [newestStartTime: number, runId: string, incarnation: string];

/** An incarnation in a list: what its row says. */
export interface ListedRun extends IncarnationKey, FilteredHead {
  readonly place: ListPlace;
  readonly closeTime: number | undefined;
  /**
   * Reads the rest of it. Undefined: it was deleted meanwhile.
   *
   * @throws DATA_CORRUPTION for rows that do not decode.
   */
  load(): Promise<HotRun | undefined>;
}

/** Nothing that is shown depends on the rules of the definition. */
const NO_RULES: DefinitionRules = { retry: undefined, scheduleToStartMs: undefined, cleanupTimeoutMs: undefined };
const readNoRules = (): Promise<DefinitionRules> => Promise.resolve(NO_RULES);

/** The newest incarnation of a run, from its head. */
export function listedFromHead(tables: StateTables, row: HeadRow): ListedRun {
  const { tenantId, runId, incarnation, workflow, version, status, startTime, closeTime, attributes } = row;
  let loaded: Promise<HotRun | undefined> | undefined;
  return {
    tenantId,
    runId,
    incarnation,
    workflow,
    version,
    status,
    startTime,
    closeTime,
    attributes,
    place: [startTime, runId, incarnation],
    load: () => (loaded ??= loadHead(tables, row)),
  };
}

/** An incarnation that was replaced; `newestStartTime` is of the one that is under the id. */
export async function maybeListedFromPastHead(
  tables: StateTables,
  row: PastHeadRow,
  newestStartTime: number,
): Promise<ListedRun | undefined> {
  const readPastHead = (): Promise<PastHeadRow> => Promise.resolve(row);
  const hot = await retryOnce(
    () => maybeLoadPastRun(tablesWith(tables, { readPastHead }), readNoRules, row),
    () => maybeLoadPastRun(tables, readNoRules, row),
  );
  if (hot === undefined) return undefined;
  const { run } = hot;
  const { tenantId, runId, incarnation } = row;
  return {
    tenantId,
    runId,
    incarnation,
    workflow: run.workflow,
    version: run.version,
    status: run.status,
    startTime: run.createTime,
    closeTime: run.endTime,
    attributes: attributeRows(run.attributes),
    place: [newestStartTime, runId, incarnation],
    load: () => Promise.resolve(hot),
  };
}

function loadHead(tables: StateTables, row: HeadRow): Promise<HotRun | undefined> {
  return retryOnce(
    () => maybeLoadRun(tablesWith(tables, { readHead: () => Promise.resolve(row) }), readNoRules, row),
    () => maybeLoadRun(tables, readNoRules, row),
  );
}

type RunTables = Parameters<typeof maybeLoadRun>[0];

/** The tables in which a row is that was read already. */
function tablesWith(tables: StateTables, row: Partial<RunTables>): RunTables {
  return {
    readHead: (key) => tables.readHead(key),
    readPastHead: (key) => tables.readPastHead(key),
    readSnapshot: (key, version) => tables.readSnapshot(key, version),
    readSegments: (key, from, limit) => tables.readSegments(key, from, limit),
    ...row,
  };
}

/** What a row names beside it may have been replaced since the row was read: then it is read again. */
async function retryOnce<T>(load: () => Promise<T>, again: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof DomainError && error.reason === 'DATA_CORRUPTION')) throw error;
    return await again();
  }
}
