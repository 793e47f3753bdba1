import type { SQLInputValue } from 'node:sqlite';
import type { HeadFilter } from '#libs/store/tables/heads.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import type { TablesFile, Values } from './tables-file.ts';

/** Where a head stands in the list of its tenant, by minus its start time and its run id. */
export interface HeadPlace {
  readonly startOrder: number;
  readonly runId: string;
}

/** A head that a stream came upon. */
export interface FoundHead extends HeadPlace {
  readonly id: number;
}

/** Heads in the order of lists, some of which a list wants. */
export interface HeadStream {
  /** The heads that come after a place, the first `skip` of them left out. */
  read(after: HeadPlace, take: number, skip: number): readonly FoundHead[];
  count(): number;
}

/** The start times that a filter leaves, as places. */
export interface StartRange {
  /** What rows come after. */
  readonly after: HeadPlace;
  /** The last order that is in it. */
  readonly lastOrder: number;
}

/** The start times that a filter leaves. */
export function startRangeOf({ startedBefore, startedAtOrAfter }: HeadFilter): StartRange {
  return {
    // No run id is empty, so that every run of that time comes after this place.
    after: {
      startOrder: startedBefore === undefined ? -Number.MAX_SAFE_INTEGER : Math.floor(-startedBefore) + 1,
      runId: '',
    },
    lastOrder: startedAtOrAfter === undefined ? Number.MAX_SAFE_INTEGER : Math.floor(-startedAtOrAfter),
  };
}

/** The indexes that have heads in the order of lists, each under some values. */
export interface HeadStreams {
  /** All heads of a tenant. */
  all(tenantId: string, range: StartRange): HeadStream;
  /** Heads that have a status. */
  ofStatus(tenantId: string, status: string, range: StartRange): HeadStream;
  /** Heads that have workflow, version and status in common. */
  ofGroup(tenantId: string, workflow: string, version: string, status: string, range: StartRange): HeadStream;
  /** Heads that have a value. */
  ofValue(tenantId: string, name: string, type: number, value: SQLInputValue, range: StartRange): HeadStream;
}

/** Makes the streams of heads. Each names its index, because SQLite would not take the longer of two. */
export function createHeadStreams(file: TablesFile): HeadStreams {
  const all = prepareStream(file, 'id', 'heads INDEXED BY heads_by_start WHERE tenant_id = ? AND deleted_time IS NULL');
  const ofStatus = prepareStream(
    file,
    'id',
    'heads INDEXED BY heads_by_status WHERE tenant_id = ? AND status = ? AND deleted_time IS NULL',
  );
  const ofGroup = prepareStream(
    file,
    'id',
    `heads INDEXED BY heads_by_group
    WHERE tenant_id = ? AND workflow = ? AND version = ? AND status = ? AND deleted_time IS NULL`,
  );
  const ofValue = prepareStream(
    file,
    'head_id',
    'head_attributes WHERE tenant_id = ? AND name = ? AND type = ? AND value = ?',
  );
  return {
    all: (tenantId, range) => all([tenantId], range),
    ofStatus: (tenantId, status, range) => ofStatus([tenantId, status], range),
    ofGroup: (tenantId, workflow, version, status, range) => ofGroup([tenantId, workflow, version, status], range),
    ofValue: (tenantId, name, type, value, range) => ofValue([tenantId, name, type, value], range),
  };
}

function prepareStream(file: TablesFile, id: string, from: string): (values: Values, range: StartRange) => HeadStream {
  const inRange = `${from} AND (start_order, run_id) > (?, ?) AND start_order <= ?`;
  const read = file.prepare(`
    SELECT ${id} AS id, start_order AS startOrder, run_id AS runId FROM ${inRange}
    ORDER BY start_order, run_id LIMIT ? OFFSET ?`);
  const count = file.prepare(`SELECT count(*) AS count FROM ${inRange}`);
  return (values, { after: first, lastOrder }) => ({
    read(after, take, skip) {
      const { startOrder, runId } = compareHeadPlaces(after, first) < 0 ? first : after;
      return read.all(...values, startOrder, runId, lastOrder, take, skip) as unknown as FoundHead[];
    },
    count: () => Number(count.get(...values, first.startOrder, first.runId, lastOrder)?.['count']),
  });
}

/** Makes a stream of heads that were found in no order. */
export function createSortedStream(heads: readonly FoundHead[], range: StartRange): HeadStream {
  const sorted = heads
    .filter((head) => head.startOrder <= range.lastOrder && compareHeadPlaces(head, range.after) > 0)
    .toSorted(compareHeadPlaces);
  return {
    read: (after, take, skip) => sorted.filter((head) => compareHeadPlaces(head, after) > 0).slice(skip, skip + take),
    count: () => sorted.length,
  };
}

/** Negative when `a` comes first in a list. */
export function compareHeadPlaces(a: HeadPlace, b: HeadPlace): number {
  return a.startOrder - b.startOrder || compareText(a.runId, b.runId);
}
