import { ALL_SLOTS } from '#libs/store/slots.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { AttributeCondition } from '#libs/store/tables/attribute.ts';
import type { HeadFilter } from '#libs/store/tables/heads.ts';
import type { PageRequest } from '#libs/store/tables/page.ts';
import { FIRST_START, LARGE_TENANT, manyItems, runIdOf } from './fill-tables.ts';

/** A read of large tables. */
export interface LargeRead {
  readonly name: string;
  /** `index` is another one each time. */
  read(tables: StateTables, index: number): Promise<unknown>;
  /** Whether it looks at more rows than it answers, however they are found. */
  readonly isLinear?: boolean;
}

const FAR = FIRST_START * 2;

function listRead(name: string, filter: HeadFilter, page: PageRequest = { limit: 100 }, isLinear = false): LargeRead {
  return { name: `listHeads ${name}`, read: (tables) => tables.listHeads(LARGE_TENANT, filter, page), isLinear };
}

function countRead(name: string, filter: HeadFilter, isLinear = false): LargeRead {
  return { name: `countHeads ${name}`, read: (tables) => tables.countHeads(LARGE_TENANT, filter), isLinear };
}

const ofCustomer: AttributeCondition = { name: 'customer', equals: { type: 'keyword', value: 'customer 77' } };
const inRegion: AttributeCondition = { name: 'region', equals: { type: 'keyword', value: 'eu' } };
const between: AttributeCondition = {
  name: 'amount',
  atLeast: { type: 'integer', value: 1_000n },
  below: { type: 'integer', value: 1_100n },
};
const above: AttributeCondition = { name: 'amount', atLeast: { type: 'integer', value: 1_000n } };
const below: AttributeCondition = { name: 'amount', below: { type: 'integer', value: 5_000n } };

/** Reads of every kind. */
export const LARGE_READS: readonly LargeRead[] = [
  { name: 'readHead', read: (tables, index) => tables.readHead({ tenantId: LARGE_TENANT, runId: runIdOf(index) }) },
  listRead('all', {}),
  listRead('started before', { startedBefore: FIRST_START + 5_000 }),
  listRead('with a status', { statuses: ['RUNNING'] }),
  listRead('with a rare status', { statuses: ['FAILED'] }),
  listRead('with two common statuses', { statuses: ['RUNNING', 'COMPLETED'] }),
  listRead('of a workflow', { workflow: 'workflow 1' }),
  listRead('of a version and two statuses', { workflow: 'workflow 1', version: '2', statuses: ['RUNNING', 'FAILED'] }),
  listRead('with a status that none has', { statuses: ['PAUSED'], workflow: 'workflow 1' }),
  listRead('of a customer', { attributes: [ofCustomer] }),
  listRead('of a region, which many have', { attributes: [inRegion] }),
  listRead('of a customer and a status', { attributes: [ofCustomer], statuses: ['COMPLETED'] }),
  listRead('of a customer and a region', { attributes: [ofCustomer, inRegion] }),
  listRead('with an amount in close bounds', { attributes: [between] }),
  listRead('with an amount in wide bounds', { attributes: [above] }),
  listRead('with an amount in wide bounds, long ago', { attributes: [below] }, { limit: 100 }, true),
  listRead('with two statuses behind an offset', { statuses: ['RUNNING', 'COMPLETED'] }, { limit: 100, offset: 250 }),
  listRead(
    'of a region and a status behind an offset',
    { statuses: ['RUNNING'], attributes: [inRegion] },
    { limit: 70, offset: 250 },
    true,
  ),
  listRead('behind an offset', {}, { limit: 100, offset: 10_000 }, true),
  listRead('behind an offset beyond the end', {}, { limit: 100, offset: 10_000_000 }, true),
  countRead('all', {}),
  countRead('with a status', { statuses: ['RUNNING'] }),
  countRead('of a customer', { attributes: [ofCustomer] }),
  countRead('started before', { startedBefore: FIRST_START + 15_000 }, true),
  {
    name: 'countUnfinished',
    read: (tables) => tables.countUnfinished(LARGE_TENANT, 'workflow 1', '2', ALL_SLOTS),
  },
  { name: 'dueBefore', read: (tables) => tables.dueBefore(ALL_SLOTS, FAR, 100) },
  { name: 'expiredBefore', read: (tables) => tables.expiredBefore(ALL_SLOTS, FAR, 100) },
  { name: 'readItem', read: (tables, index) => tables.readItem(manyItems(index)) },
  { name: 'readyLists', read: (tables) => tables.readyLists(ALL_SLOTS, 100) },
  { name: 'readyHead', read: (tables, index) => tables.readyHead(ALL_SLOTS, manyItems(index), 100) },
  { name: 'itemsDueBefore', read: (tables) => tables.itemsDueBefore(ALL_SLOTS, FAR, 100) },
  { name: 'countItems', read: (tables) => tables.countItems(LARGE_TENANT, 'queue') },
];
