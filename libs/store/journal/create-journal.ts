import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreError } from '../store-error.ts';
import { decodeRecord } from './decode-record.ts';
import type { AppendOutcome, Journal, JournalRecord, ReadRange, SettledOutcome, StoredRecord } from './journal.ts';
import type { JournalBackend } from './journal-backend.ts';
import type { JournalContext } from './journal-context.ts';
import { isEpochRecord, MAX_POSITION } from './record-format.ts';
import { encodeRecord } from './record-writer.ts';

/** The first wait between two attempts to settle; each next one is twice as long. */
const FIRST_WAIT_MS = 20;
/** The longest wait: whoever waits for a store that is back should not wait much longer than it was away. */
const MAX_WAIT_MS = 1_000;

/** Makes a journal of what an adapter can do: whatever is the same for all of them is here. */
export function createJournal(backend: JournalBackend, context: JournalContext): Journal {
  async function append(records: readonly JournalRecord[]): Promise<readonly AppendOutcome[]> {
    if (records.length === 0) return [];
    const { outcomes, error } = await backend.insert(
      records.map(({ partition, position, bytes }) => ({ partition, position, bytes, isEpoch: isEpochRecord(bytes) })),
    );
    if (error !== undefined) context.onTrouble(troubleFrom(error));
    return outcomes;
  }

  /** Whose record stands at the key, if any. */
  async function maybeSettled(record: JournalRecord): Promise<SettledOutcome | undefined> {
    const bytes = await backend.readOne(record);
    if (bytes === undefined) return undefined;
    return sameBytes(decodeRecord(record, bytes).batchId, record.batchId) ? 'committed' : 'lost';
  }

  async function settle(record: JournalRecord, signal: AbortSignal): Promise<SettledOutcome> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
      signal.throwIfAborted();
      try {
        const settled = await maybeSettled(record);
        if (settled !== undefined) return settled;
        signal.throwIfAborted();
        const [outcome] = await append([record]);
        if (outcome === 'committed') return 'committed';
      } catch (error) {
        if (!(error instanceof StoreError) || error.isFinal) throw error;
        context.onTrouble(error);
      }
      await context.sleep(waitMs * (0.5 + context.random() / 2), signal);
    }
  }

  async function* read(partition: number, range: ReadRange, signal: AbortSignal): AsyncGenerator<StoredRecord> {
    const to = Math.min(range.to ?? MAX_POSITION, MAX_POSITION);
    for (let from = Math.max(1, range.from); from <= to; ) {
      signal.throwIfAborted();
      const page = await backend.readPage({ partition, from, to }, signal);
      const last = page.at(-1);
      if (last === undefined) return;
      for (const { position, bytes } of page) {
        yield decodeRecord({ partition, position }, bytes);
      }
      from = last.position + 1;
      // A store that answers at once must not keep everybody else waiting for a whole recovery.
      await nextTurn();
    }
  }

  async function writeEpoch(partition: number, epoch: number, signal: AbortSignal, after = 0): Promise<number> {
    for (;;) {
      signal.throwIfAborted();
      const position = Math.max(await backend.lastPosition(partition), after) + 1;
      const batchId = context.newBatchId();
      const bytes = encodeRecord({ partition, position, epoch, isEpoch: true, batchId, entries: [] });
      const record: JournalRecord = { partition, position, batchId, bytes };
      const [outcome] = await append([record]);
      const settled = outcome === 'committed' ? outcome : await settle(record, signal);
      if (settled === 'committed' && (await wasEnd(partition, position))) return position;
    }
  }

  /**
   * Whether a new record stood at the end of its partition. A server that was replaced without knowing it may have
   * answered an old last position, and that place may be free again because it was trimmed; a record there fences
   * nobody. Behind one that does, only the epochs of further takers can stand.
   */
  async function wasEnd(partition: number, position: number): Promise<boolean> {
    if ((await backend.lastPosition(partition)) === position) return true;
    const next = await backend.readOne({ partition, position: position + 1 });
    return next !== undefined && decodeRecord({ partition, position: position + 1 }, next).isEpoch;
  }

  async function trim(partition: number, upTo: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (!(await backend.deleteSome(partition, upTo))) {
      // Between two deletes a commit may take its turn.
      await nextTurn();
      signal.throwIfAborted();
    }
  }

  return {
    append,
    settle,
    read,
    writeEpoch,
    lastPosition: (partition) => backend.lastPosition(partition),
    trim,
  };
}

function troubleFrom(error: unknown): StoreError {
  return error instanceof StoreError
    ? error
    : new StoreError('unreachable', 'the journal failed in an unforeseen way', error);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
