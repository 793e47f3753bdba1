import { setImmediate } from 'node:timers/promises';
import { matchesHead } from '#libs/store/tables/head-match.ts';
import type { HeadFilter, HeadRow } from '#libs/store/tables/heads.ts';
import type { PageRange } from '#libs/store/tables/read-page.ts';
import { FILTERED_COLUMNS, filteredHeadFromSql, HEAD_COLUMNS, headFromSql } from './head-columns.ts';
import { chooseHeadSource, type HeadIndexes } from './head-source.ts';
import { type FoundHead, type HeadPlace, startRangeOf } from './head-stream.ts';
import { mergeHeads } from './merge-heads.ts';
import type { SqlRow, TablesFile } from './tables-file.ts';

/** Heads that are read and compared at once, and after how many others get their turn: a few milliseconds. */
const BATCH_HEADS = 100;
const TURN_HEADS = 1_000;
/** Heads that are read of a stream at once: at least these, at most those. */
const MIN_CHUNK = 4;
const MAX_CHUNK = 1_000;

/** Lists and counts of heads by filter. */
export interface HeadLists {
  list(tenantId: string, filter: HeadFilter, range: PageRange<readonly [number, string]>): Promise<readonly HeadRow[]>;
  count(tenantId: string, filter: HeadFilter): Promise<number>;
}

/** Heads in the order of lists. */
interface OpenHeads {
  readonly heads: Iterator<FoundHead>;
  /** Whether they are just those that the filter wants. */
  readonly isExact: boolean;
}

/** Makes the lists of heads. */
export function createHeadLists(file: TablesFile, indexes: HeadIndexes): HeadLists {
  const readFiltered = prepareReadById(file, `heads.id, ${FILTERED_COLUMNS}`);
  const readWhole = prepareReadById(file, HEAD_COLUMNS);

  /**
   * Looks at heads in batches, until `visit` answers false. It is given those that satisfy the filter; what it wants to
   * know of them it reads at once, because others get their turn between two batches. Where heads are found is asked in
   * the same state as the first of them: one that moves from an index to another is then in one of the two.
   */
  async function visitHeads(
    filter: HeadFilter,
    open: () => OpenHeads | undefined,
    visit: (ids: readonly number[]) => boolean,
  ): Promise<void> {
    let opened: OpenHeads | undefined;
    const visitSome = (): boolean => {
      opened ??= open();
      return opened !== undefined && hasMore(opened, filter, visit);
    };
    while (file.atOnce(visitSome)) {
      await setImmediate();
    }
  }

  /** Looks at as many heads as a turn has. */
  function hasMore(
    { heads, isExact }: OpenHeads,
    filter: HeadFilter,
    visit: (ids: readonly number[]) => boolean,
  ): boolean {
    for (let looked = 0; looked < TURN_HEADS; looked += BATCH_HEADS) {
      const batch = takeIds(heads, BATCH_HEADS);
      if (!visit(isExact ? batch : keepSatisfying(filter, batch)) || batch.length < BATCH_HEADS) {
        return false;
      }
    }
    return true;
  }

  function keepSatisfying(filter: HeadFilter, ids: readonly number[]): readonly number[] {
    return readFiltered(ids)
      .filter((row) => matchesHead(filter, filteredHeadFromSql(row)))
      .map((row) => Number(row['id']));
  }

  return {
    async list(tenantId, filter, { after, skip, take }) {
      const start: HeadPlace =
        after === undefined ? startRangeOf(filter).after : { startOrder: -after[0], runId: after[1] };
      const rows: HeadRow[] = [];
      let left = skip;
      const open = (): OpenHeads | undefined => {
        const { streams, isExact } = chooseHeadSource(indexes, tenantId, filter);
        const [only] = streams;
        if (isExact && streams.length === 1 && only !== undefined) {
          rows.push(...readWhole(only.read(start, take, skip).map(({ id }) => id)).map(headFromSql));
          return undefined;
        }
        const share = Math.ceil((skip + take) / Math.max(streams.length, 1));
        return { heads: mergeHeads(streams, start, Math.min(Math.max(share, MIN_CHUNK), MAX_CHUNK)), isExact };
      };
      await visitHeads(filter, open, (ids) => {
        const wanted = ids.slice(left, left + take - rows.length);
        left = Math.max(left - ids.length, 0);
        rows.push(...readWhole(wanted).map(headFromSql));
        return rows.length < take;
      });
      return rows;
    },
    async count(tenantId, filter) {
      const { startedAtOrAfter, startedBefore, attributes = [] } = filter;
      if (startedAtOrAfter === undefined && startedBefore === undefined && attributes.length === 0) {
        return indexes.groups.readGroups(tenantId, filter).reduce((sum, group) => sum + group.count, 0);
      }
      let count = 0;
      const open = (): OpenHeads | undefined => {
        const { streams, isExact } = chooseHeadSource(indexes, tenantId, filter);
        if (isExact) {
          count = streams.reduce((sum, stream) => sum + stream.count(), 0);
          return undefined;
        }
        return { heads: mergeHeads(streams, startRangeOf(filter).after, MAX_CHUNK), isExact };
      };
      await visitHeads(filter, open, (ids) => {
        count += ids.length;
        return true;
      });
      return count;
    },
  };
}

/** Reads heads by id, in the order of the ids; one statement for many costs half of one for each. */
function prepareReadById(file: TablesFile, columns: string): (ids: readonly number[]) => readonly SqlRow[] {
  // CROSS JOIN keeps the order: SQLite takes one id after the other.
  const statement = file.prepare(`
    SELECT ${columns} FROM json_each(?) AS wanted CROSS JOIN heads
    WHERE heads.id = wanted.value AND deleted_time IS NULL`);
  return (ids) => (ids.length === 0 ? [] : statement.all(JSON.stringify(ids)));
}

function takeIds(heads: Iterator<FoundHead>, most: number): readonly number[] {
  const ids: number[] = [];
  while (ids.length < most) {
    const next = heads.next();
    if (next.done === true) {
      break;
    }
    ids.push(next.value.id);
  }
  return ids;
}
