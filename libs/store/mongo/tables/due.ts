import type { Document } from 'mongodb';
import type { SlotRange } from '#libs/store/slots.ts';
import type { DueRun } from '#libs/store/tables/heads.ts';
import { idsOfSlots } from './row-id.ts';
import type { FindOptions, Rows } from './rows.ts';

/** What finds the rows of some slots whose time comes before another: a row without that time is never among them. */
export function filterDue(field: string, slots: SlotRange, time: number): Document {
  return { [field]: { $lt: time }, _id: idsOfSlots(slots) };
}

/** Earliest first, then by key. */
export function dueFirst(field: string, limit: number): FindOptions {
  return { sort: { [field]: 1, _id: 1 }, limit };
}

/** Reads the runs whose time in a field comes before another, as hints. */
export async function readDueRuns(
  rows: Pick<Rows<never, never>, 'findFields'>,
  field: string,
  slots: SlotRange,
  time: number,
  limit: number,
): Promise<DueRun[]> {
  const fields = ['tenantId', 'runId', 'incarnation', field];
  const found = await rows.findFields(filterDue(field, slots, time), fields, dueFirst(field, limit));
  return found.map(({ [field]: dueTime, ...key }) => ({ ...key, dueTime }) as DueRun);
}
