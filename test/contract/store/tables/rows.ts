import type { DeadLetterRow } from '#libs/store/tables/dead-letters.ts';
import type { HeadRow, PastHeadRow } from '#libs/store/tables/heads.ts';
import type { ItemRow } from '#libs/store/tables/items.ts';
import type { OutboxRow } from '#libs/store/tables/outbox.ts';
import type { RequestIdRow } from '#libs/store/tables/request-ids.ts';
import type { RowStamp, RowWrite } from '#libs/store/tables/row-writer.ts';
import type { SegmentRow } from '#libs/store/tables/segments.ts';
import type { SignalRow } from '#libs/store/tables/signals.ts';
import type { SnapshotRow } from '#libs/store/tables/snapshots.ts';
import type { OpenTables } from './tables-store.ts';

/** What rows belong to where a test does not say otherwise. */
export const RUN = { tenantId: 'tenant', runId: 'run', incarnation: '0190-1' } as const;

/** Never aborts. */
export const signal: AbortSignal = new AbortController().signal;

/** A body that tells itself from others. */
export function bodyOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

/** The stamp of a round at a position, whose time is a thousand times that. */
export function stampAt(position: number): RowStamp {
  return { position, time: position * 1_000 };
}

/** Writes rows at a position. */
export async function write({ state }: OpenTables, position: number, ...writes: readonly RowWrite[]): Promise<void> {
  await state.writeRows(stampAt(position), writes, signal);
}

/** A head. */
export function headRow(fields: Partial<HeadRow> = {}): HeadRow {
  return {
    ...RUN,
    workflow: 'order',
    version: '1',
    status: 'RUNNING',
    startTime: 1_000,
    attributes: {},
    body: bodyOf('head'),
    ...fields,
  };
}

/** A past head. */
export function pastHeadRow(fields: Partial<PastHeadRow> = {}): PastHeadRow {
  return { ...RUN, expireTime: 5_000, body: bodyOf('past'), ...fields };
}

/** A segment. */
export function segmentRow(fields: Partial<SegmentRow> = {}): SegmentRow {
  return { ...RUN, segment: 0, body: bodyOf('segment'), ...fields };
}

/** A snapshot. */
export function snapshotRow(fields: Partial<SnapshotRow> = {}): SnapshotRow {
  return { ...RUN, version: 1, body: bodyOf('snapshot'), ...fields };
}

/** An item of a run. */
export function itemRow(fields: Partial<ItemRow> = {}): ItemRow {
  return {
    ...RUN,
    itemId: 'item',
    queue: 'default',
    tagSet: '',
    priority: 3,
    state: { kind: 'ready', since: 1_000 },
    body: bodyOf('item'),
    ...fields,
  };
}

/** An item without a run. */
export function freeItemRow(itemId: string, fields: Partial<ItemRow> = {}): ItemRow {
  return itemRow({ runId: '', incarnation: '', itemId, ...fields });
}

/** A signal. */
export function signalRow(fields: Partial<SignalRow> = {}): SignalRow {
  return { ...RUN, name: 'approve', order: 1, body: bodyOf('signal'), ...fields };
}

/** A dead letter. */
export function deadLetterRow(fields: Partial<DeadLetterRow> = {}): DeadLetterRow {
  return {
    ...RUN,
    itemId: 'item',
    deadLetterId: 'letter',
    queue: 'default',
    deadTime: 2_000,
    body: bodyOf('letter'),
    ...fields,
  };
}

/** A message between partitions. */
export function outboxRow(fields: Partial<OutboxRow> = {}): OutboxRow {
  return { sourcePartition: 1, targetPartition: 2, number: 1, body: bodyOf('message'), ...fields };
}

/** A first reply. */
export function requestIdRow(fields: Partial<RequestIdRow> = {}): RequestIdRow {
  return {
    tenantId: RUN.tenantId,
    runId: RUN.runId,
    rpc: 'StartRun',
    requestId: 'request',
    expireTime: 5_000,
    body: bodyOf('reply'),
    ...fields,
  };
}
