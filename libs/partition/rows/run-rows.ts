import { isTerminal } from '#libs/engine/model/status.ts';
import type { HeadRow, PastHeadRow } from '#libs/store/tables/heads.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import { type HotRun, NO_ITEMS, type TakenRows } from '../runs/hot-run.ts';
import { nextTimeOf } from '../runs/next-time.ts';
import { segmentNumber } from '../runs/segment.ts';
import { attributeRows } from './attribute-rows.ts';
import { deadLettersOf, takeDeadLetterRows } from './dead-letter-rows.ts';
import { encodeHeadBody } from './head-body.ts';
import { deleteItemRows, putItemRows, readyItemsOf } from './item-rows.ts';
import { settleSavedRows, takeSavedRows } from './saved-rows.ts';
import { snapshotBytes } from './snapshot-bytes.ts';

/** The most events that a head carries; more have a row of their own, so that a head stays cheap to replace. */
const INLINE_EVENTS_BYTES: number = 32 * 1024;
/** The largest snapshot that a head carries. */
const INLINE_SNAPSHOT_BYTES: number = 64 * 1024;

/**
 * The rows of everything that happened to a run so far, in an order in which they may become visible one by one: what the
 * head names stands before it does, and what only the head before named goes after it. A run that is small, because it is
 * short or sleeps, is one row.
 *
 * Nothing is forgotten: until `settleRunRows` says that they were written, the rows may be taken again, and then hold what
 * happened meanwhile too. A run that was replaced has no rows of its own any more: those of the run in its place hold it.
 */
export function takeRunRows(hot: HotRun, now: number, writes: RowWrite[]): void {
  // What a round that failed took of it was not written.
  hot.taken = undefined;
  if (hot.isReplaced) return;
  for (const replaced of hot.replaced) takePastRows(replaced, now, writes);
  const saved = takeSavedRows(hot, writes);
  const taken = takeBody(hot, writes);
  const ready = readyItemsOf(hot, now);
  deleteItemRows(hot, ready, writes);
  writes.push({ table: 'heads', put: headRow(hot, now, taken.body), isNew: !hot.hasHead && hot.replaced.length === 0 });
  deleteSnapshotRows(hot, taken.snapshotRow, writes);
  putItemRows(hot, ready, writes);
  noteTaken(hot, taken, ready.size === 0 ? NO_ITEMS : new Set(ready.keys()), saved);
  hot.isDirty = false;
}

/** Notes that the rows that were taken last stand in the tables. Only what `takeRunRows` took is forgotten. */
export function settleRunRows(hot: HotRun): void {
  const { taken } = hot;
  if (taken === undefined) return;
  hot.taken = undefined;
  // It is a part of the message that it came in, which would stay in memory until a worker comes.
  hot.freshInput = undefined;
  hot.hasHead = true;
  hot.deadRows = taken.deadRows;
  hot.standingDead = taken.deadRows;
  hot.itemRows = taken.itemRows;
  hot.standingItems = taken.itemRows;
  hot.snapshotRows = taken.snapshotRow === 0 ? [] : [taken.snapshotRow];
  settleSavedRows(hot, taken.saved);
  hot.tail.dropBefore(taken.openFrom);
  if (taken.replaced.length === 0) return;
  for (const replaced of taken.replaced) settleRunRows(replaced);
  hot.replaced = hot.replaced.filter((replaced) => !taken.replaced.includes(replaced));
}

function takePastRows(hot: HotRun, now: number, writes: RowWrite[]): void {
  const saved = takeSavedRows(hot, writes);
  const taken = takeBody(hot, writes);
  deleteItemRows(hot, readyItemsOf(hot, now), writes);
  writes.push({ table: 'pastHeads', put: pastHeadRow(hot, taken.body) });
  deleteSnapshotRows(hot, taken.snapshotRow, writes);
  noteTaken(hot, taken, NO_ITEMS, saved);
}

/** Notes what is on its way. A round that fails may have written any of it, so that what rounds before did stays noted. */
function noteTaken(
  hot: HotRun,
  { openFrom, snapshotRow }: TakenBody,
  itemRows: ReadonlySet<number>,
  saved: TakenRows['saved'],
): void {
  const deadRows = deadLettersOf(hot.run);
  hot.taken = { openFrom, snapshotRow, itemRows, deadRows, replaced: hot.replaced, saved };
  if (deadRows.size > 0) hot.deadRows = new Map([...hot.deadRows, ...deadRows]);
  if (itemRows.size > 0) hot.itemRows = hot.itemRows.size === 0 ? itemRows : new Set([...hot.itemRows, ...itemRows]);
  if (snapshotRow > 0 && !hot.snapshotRows.includes(snapshotRow)) hot.snapshotRows = [...hot.snapshotRows, snapshotRow];
}

/** The body of a head, and what of the run is not in it. */
interface TakenBody extends Pick<TakenRows, 'openFrom' | 'snapshotRow'> {
  readonly body: Uint8Array;
}

/** Makes the body of a head, and before it the rows that it names. */
function takeBody(hot: HotRun, writes: RowWrite[]): TakenBody {
  const { identity, run, tail, start } = hot;
  const { tenantId, runId, incarnation, driver } = identity;
  takeDeadLetterRows(hot, writes);
  for (const { firstSequence, bytes } of tail.closedSegments()) {
    const segment = segmentNumber(firstSequence);
    writes.push({ table: 'segments', put: { tenantId, runId, incarnation, segment, body: bytes } });
  }
  const open = tail.openEvents();
  const isInline = open.bytes.length <= INLINE_EVENTS_BYTES;
  if (!isInline) {
    const segment = segmentNumber(open.firstSequence);
    writes.push({ table: 'segments', put: { tenantId, runId, incarnation, segment, body: open.bytes } });
  }
  const lastSequence = tail.nextSequence - 1;
  const snapshot = snapshotBytes(run);
  const fits = snapshot.length <= INLINE_SNAPSHOT_BYTES;
  if (!fits) {
    writes.push({
      table: 'snapshots',
      put: { tenantId, runId, incarnation, version: lastSequence, body: snapshot.slice() },
    });
  }
  const endsWithLast = isInline && open.count > 0 && isTerminal(run.status);
  const body = encodeHeadBody({
    driver,
    start,
    lastSequence,
    openFrom: open.firstSequence,
    snapshot: fits ? snapshot : undefined,
    openEvents: isInline ? open.bytes : undefined,
    ended: endsWithLast ? 'last' : hot.ended,
  });
  return { body, openFrom: open.firstSequence, snapshotRow: fits ? 0 : lastSequence };
}

/** Deletes the snapshots that heads before this one named; rounds that failed may have left several. */
function deleteSnapshotRows(hot: HotRun, snapshotRow: number, writes: RowWrite[]): void {
  const { tenantId, runId, incarnation } = hot.identity;
  for (const version of hot.snapshotRows) {
    if (version === snapshotRow) continue;
    writes.push({ table: 'snapshots', delete: { tenantId, runId, incarnation, version } });
  }
}

function headRow(hot: HotRun, now: number, body: Uint8Array): HeadRow {
  const { identity, run, start } = hot;
  const nextWakeTime = nextTimeOf(run, now);
  const { endTime } = run;
  return {
    tenantId: identity.tenantId,
    runId: identity.runId,
    incarnation: identity.incarnation,
    workflow: run.workflow,
    version: run.version,
    status: run.status,
    startTime: run.createTime,
    ...(endTime === undefined ? undefined : { closeTime: endTime, expireTime: endTime + start.retentionMs }),
    ...(nextWakeTime === Infinity ? undefined : { nextWakeTime }),
    attributes: attributeRows(run.attributes),
    body,
  };
}

function pastHeadRow(hot: HotRun, body: Uint8Array): PastHeadRow {
  const { tenantId, runId, incarnation } = hot.identity;
  return { tenantId, runId, incarnation, expireTime: pastExpireTime(hot), body };
}

/** When the rows of an incarnation that was replaced go. */
export function pastExpireTime({ run, start }: Pick<HotRun, 'run' | 'start'>): number {
  return (run.endTime ?? run.updateTime) + start.retentionMs;
}
