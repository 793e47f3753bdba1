import type { Document } from 'mongodb';
import type { SlotRange } from '#libs/store/slots.ts';
import { decodeAttributes, encodeAttributes } from '#libs/store/tables/attribute-codec.ts';
import type { HeadFilter, HeadRow, HeadTable } from '#libs/store/tables/heads.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { HEAD_ORDER } from '#libs/store/tables/list-order.ts';
import { type PageRange, readPage } from '#libs/store/tables/read-page.ts';
import { readDueRuns } from './due.ts';
import { filterOfHeads } from './head-filter.ts';
import { termsOf, unfinishedTerm } from './head-terms.ts';
import { filtersAfter, sortOf } from './pages.ts';
import { plainRowFrom } from './plain-row.ts';
import { idOfRun, idsOfSlots } from './row-id.ts';
import { createRows, LIVE, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';
import { readByWindows } from './windows.ts';

/** Heads as documents: their fields, the attributes packed, and the terms that they are found by. */
export const HEAD_SPEC: RowSpec<HeadRow, RunKey> = {
  collection: 'heads',
  idOf: idOfRun,
  fieldsOf: (row) => ({ ...row, attributes: encodeAttributes(row.attributes), terms: termsOf(row) }),
  rowFrom: (document) => ({
    ...plainRowFrom<HeadRow>(document, 'terms'),
    attributes: decodeAttributes(document['attributes']),
  }),
};

const LIST = { order: HEAD_ORDER, fields: ['startTime', 'runId'] } as const;

/** Opens the table of heads. */
export function createHeads(context: TablesContext): HeadTable {
  const { now, sortsByIndex } = context;
  const rows = createRows(context, HEAD_SPEC);

  async function readRange(
    found: Document,
    { startedBefore, startedAtOrAfter: until }: HeadFilter,
    { after, skip, take }: PageRange<readonly [number, string]>,
  ): Promise<readonly HeadRow[]> {
    const filters = [found, ...filtersAfter(LIST, after)];
    const sort = sortOf(LIST);
    if (sortsByIndex) {
      return await rows.find({ $and: filters }, { sort, skip, limit: take });
    }
    const from = after?.[0] ?? startedBefore ?? now();
    const start = { field: 'startTime', direction: 'down', from, until, isOpen: after === undefined } as const;
    const read = await readByWindows(start, skip + take, (window, limit) =>
      rows.find({ $and: [...filters, window] }, { sort, limit }),
    );
    return read.slice(skip);
  }

  return {
    readHead: rows.read,
    async listHeads(tenantId, filter, page) {
      const found = filterOfHeads(tenantId, filter);
      return await readPage(HEAD_ORDER, { tenantId, filter }, page, (range) =>
        found === undefined ? [] : readRange(found, filter, range),
      );
    },
    async countHeads(tenantId, filter) {
      const found = filterOfHeads(tenantId, filter);
      return found === undefined ? 0 : await rows.count(found);
    },
    countUnfinished: (tenantId, workflow, version, slots) =>
      rows.count({ terms: unfinishedTerm(tenantId, workflow, version), _id: idsOfSlots(slots) }),
    async headKeys(slots, limit, after) {
      const { $gte, $lt } = idsOfSlots(slots);
      const ids = after === undefined ? { $gte, $lt } : { $gt: idOfRun(after), $lt };
      const filter = { _id: ids, ...LIVE };
      const found = await rows.findFields(filter, ['tenantId', 'runId'], { sort: { _id: 1 }, limit });
      return found.map(({ tenantId, runId }) => ({ tenantId, runId }) as RunKey);
    },
    dueBefore: (slots: SlotRange, time, limit) => readDueRuns(rows, 'nextWakeTime', slots, time, limit),
    expiredBefore: (slots, time, limit) => readDueRuns(rows, 'expireTime', slots, time, limit),
  };
}
