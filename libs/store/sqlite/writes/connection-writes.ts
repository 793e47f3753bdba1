import { createCounters } from '../tables/counters.ts';
import { createDeadLetterWriter } from '../tables/dead-letters.ts';
import { createHeadAttributes } from '../tables/head-attributes.ts';
import { HEAD_COUNT_COLUMNS } from '../tables/head-groups.ts';
import { createHeadWriter } from '../tables/head-writer.ts';
import { createIncarnationRows } from '../tables/incarnation-rows.ts';
import { createItemWriter, ITEM_COUNT_COLUMNS } from '../tables/item-writer.ts';
import { createOutboxWriter } from '../tables/outbox.ts';
import { type OwnedWriters, writeRow } from '../tables/owned-rows.ts';
import { createPastHeadWriter } from '../tables/past-heads.ts';
import { createRequestIdWriter } from '../tables/request-ids.ts';
import { createSegmentWriter } from '../tables/segments.ts';
import { createSignalWriter } from '../tables/signals.ts';
import { createSnapshotWriter } from '../tables/snapshots.ts';
import type { TablesFile } from '../tables/tables-file.ts';
import type { Writes } from './writes.ts';

/** The tables, besides that of items, whose rows go with their incarnation. */
export const INCARNATION_TABLES: readonly string[] = ['segments', 'snapshots', 'signals', 'dead_letters'];

/**
 * Pages in the log of writes before they are copied back, 16 MiB of them: rows are written over and over, so that a
 * longer log saves copies.
 */
const LOG_PAGES = 4_000;

/** The writes of a connection. */
export interface ConnectionWrites extends Writes {
  /**
   * Copies the log of writes back where it has grown long: after a write, once whoever waits for it was answered.
   *
   * @throws StoreError broken when what was written before may not be durable.
   */
  copyLog(): void;
}

/**
 * Makes the writes of a connection, which is the only one that writes.
 *
 * Rows follow the journal, so their commits wait for no disk (`synchronous=NORMAL`): a power cut takes the last of them,
 * as if the process had ended that much earlier, and they are written again from the journal, of which nothing is trimmed
 * before a checkpoint. A checkpoint, and whatever else is written by `run`, commits with an fsync of the whole log
 * (`FULL`), which makes every commit before it durable too. The log is copied back by `copyLog` alone, because SQLite
 * tells nobody when the fsync of a copy that it began by itself fails.
 */
export function createConnectionWrites(file: TablesFile): ConnectionWrites {
  const attributes = createHeadAttributes(file);
  const headCounts = createCounters(file, 'head_counts', HEAD_COUNT_COLUMNS);
  const itemCounts = createCounters(file, 'item_counts', ITEM_COUNT_COLUMNS);
  const counters = [headCounts, itemCounts];
  const heads = createHeadWriter(file, attributes, headCounts);
  const items = createItemWriter(file, itemCounts);
  const incarnations = [...INCARNATION_TABLES.map((table) => createIncarnationRows(file, table)), items.ofIncarnation];
  const writers: OwnedWriters = {
    heads,
    pastHeads: createPastHeadWriter(file),
    segments: createSegmentWriter(file),
    snapshots: createSnapshotWriter(file),
    items,
    signals: createSignalWriter(file),
    deadLetters: createDeadLetterWriter(file),
    outbox: createOutboxWriter(file),
    requestIds: createRequestIdWriter(file),
  };
  const logPages = file.prepare('PRAGMA wal_checkpoint(NOOP)');
  let synchronous = '';
  file.exec('PRAGMA wal_autocheckpoint = 0');

  function commitBy(mode: 'FULL' | 'NORMAL'): void {
    if (synchronous === mode) return;
    file.exec(`PRAGMA synchronous = ${mode}`);
    synchronous = mode;
  }

  function transaction<T>(work: () => T): T {
    commitBy('NORMAL');
    try {
      return file.transaction(() => {
        const result = work();
        for (const counter of counters) counter.flush();
        return result;
      });
    } catch (error) {
      for (const counter of counters) counter.reset();
      throw error;
    }
  }

  return {
    rows: (stamp, writes) =>
      transaction(() => {
        for (const write of writes) writeRow(writers, stamp, write);
      }),
    bury: (stamp, key) =>
      transaction(() => {
        heads.deleteIncarnation(stamp, key);
        writers.pastHeads.delete(stamp, key);
      }),
    drop: (key, most) =>
      transaction(() => incarnations.reduce((count, rows) => count + rows.drop(key, most - count), 0)),
    purge: (before, most) =>
      transaction(() =>
        Object.values(writers).reduce((count, writer) => count + writer.purge(before, most - count), 0),
      ),
    run(sql, values) {
      commitBy('FULL');
      return file.prepare(sql).run(...values).changes;
    },
    copyLog() {
      const { log, checkpointed } = logPages.get() ?? {};
      if (Number(log) >= LOG_PAGES && Number(checkpointed) < Number(log)) file.exec('PRAGMA wal_checkpoint(PASSIVE)');
    },
  };
}
