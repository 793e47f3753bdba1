import type { TablesFile, Values } from '../tables/tables-file.ts';
import { type ConnectionWrites, createConnectionWrites } from './connection-writes.ts';
import { packWrites } from './packed-writes.ts';
import { startWriteThread, type WeighedOrder, type WriteThread } from './write-thread.ts';
import type { QueuedWrites, WritableFile } from './writes.ts';

/** Rows that are written before there is a thread for it: a store that does little never has one. */
const THREAD_AFTER_ROWS = 2_000;

/** Rows of one transaction of the thread, which nothing waits for: the more, the fewer pages are written twice. */
const THREAD_ROWS = 1_000;

/** Rows of one transaction of this thread: a few milliseconds, during which everybody else waits. */
const OWN_ROWS = 200;

/** What an order without rows weighs, about, besides its bodies. */
const ORDER_BYTES = 1_024;

/** The writes of a store's tables. */
export interface RoutedWrites extends AsyncDisposable {
  readonly writes: QueuedWrites;
  /** Rows that go into one transaction now. */
  readonly rowsPerWrite: number;
  /** Has a statement run where the store writes, durably. */
  prepareWrite: WritableFile['prepareWrite'];
  /** Starts the thread, if there is none, and waits until it writes. */
  startThread(): Promise<void>;
}

/**
 * Makes the writes of a file of tables. At first they are done here, on the connection of the file. Once the store has
 * written some rows a thread does them, on a connection of its own; from then on this one only reads, so that neither
 * ever waits for the other's lock. The order of calls is the order of writes.
 */
export function createRoutedWrites(file: TablesFile): RoutedWrites {
  const here = createConnectionWrites(file);
  let rowsWritten = 0;
  let starting: Promise<void> | undefined;
  let thread: WriteThread | undefined;
  /** The thread, once it writes. */
  let there: WriteThread | undefined;

  async function start(): Promise<void> {
    thread = startWriteThread(file.path, (error) => file.breakWith(error));
    await thread.ready;
    there = thread;
  }

  function startThread(): Promise<void> {
    starting ??= start();
    return starting;
  }

  async function perform<T>(
    makeOrder: () => WeighedOrder,
    doHere: (on: ConnectionWrites) => T,
    signal?: AbortSignal,
  ): Promise<T> {
    file.assertUsable();
    // Each kind of order is answered with what the same write gives here.
    if (there !== undefined) return (await there.perform(makeOrder(), signal)) as T;
    const result = doHere(here);
    here.copyLog();
    return result;
  }

  function noteRows(count: number): void {
    if (starting !== undefined) return;
    rowsWritten += count;
    // Where there is no room for a thread, this one goes on.
    if (rowsWritten >= THREAD_AFTER_ROWS) startThread().catch(() => {});
  }

  const writes: QueuedWrites = {
    async rows(stamp, rows, signal) {
      const makeOrder = (): WeighedOrder => {
        const packed = packWrites(rows);
        return {
          order: { kind: 'rows', stamp, writes: packed },
          bytes: ORDER_BYTES * rows.length + packed.bodies.length,
          transfer: [packed.bodies.buffer],
        };
      };
      await perform(makeOrder, (on) => on.rows(stamp, rows), signal);
      noteRows(rows.length);
    },
    bury: (stamp, key, signal) =>
      perform(
        () => ({ order: { kind: 'bury', stamp, key }, bytes: ORDER_BYTES }),
        (on) => on.bury(stamp, key),
        signal,
      ),
    drop: (key, most, signal) =>
      perform(
        () => ({ order: { kind: 'drop', key, most }, bytes: ORDER_BYTES }),
        (on) => on.drop(key, most),
        signal,
      ),
    purge: (before, most, signal) =>
      perform(
        () => ({ order: { kind: 'purge', before, most }, bytes: ORDER_BYTES }),
        (on) => on.purge(before, most),
        signal,
      ),
    run: (sql, values, signal) =>
      perform(
        () => orderToRun(sql, values),
        (on) => on.run(sql, values),
        signal,
      ),
  };

  return {
    writes,
    get rowsPerWrite() {
      return there === undefined ? OWN_ROWS : THREAD_ROWS;
    },
    prepareWrite(sql) {
      // What does not compile is told now.
      file.prepare(sql);
      return (...values) => writes.run(sql, values);
    },
    startThread,
    async [Symbol.asyncDispose]() {
      await thread?.[Symbol.asyncDispose]();
    },
  };
}

/** Bodies are copied: what is a part of a larger piece of memory would take all of it along. */
function orderToRun(sql: string, values: Values): WeighedOrder {
  const transfer: ArrayBuffer[] = [];
  let bytes = ORDER_BYTES;
  const copied = values.map((value) => {
    if (!(value instanceof Uint8Array)) return value;
    const copy = new Uint8Array(value);
    transfer.push(copy.buffer);
    bytes += copy.length;
    return copy;
  });
  return { order: { kind: 'run', sql, values: copied }, bytes, transfer };
}
