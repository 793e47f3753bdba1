import { createByteReader } from '#libs/engine/log/byte-reader.ts';
import { CLIENT_RULES } from '#libs/engine/model/definition-rules.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { StateStore } from '#libs/store/store.ts';
import type { OutboxRow } from '#libs/store/tables/outbox.ts';
import { runIdKey } from '../mailboxes/run-id-key.ts';
import { maybeLoadPastRun, maybeLoadRun, type ReadRules } from '../rows/load-run.ts';
import { decodeEvents, splitEvents } from '../runs/event-bytes.ts';
import { foldEvents } from '../runs/fold-events.ts';
import { createHotRun, type HotRun, replaceRun } from '../runs/hot-run.ts';
import { type RunEntry, readEntryKind, readRunEntry } from '../runs/run-entry.ts';
import { decodeCheckpoint } from '../state/checkpoint-codec.ts';
import { decodePartitionEvent } from '../state/partition-event-codec.ts';
import { createPartitionState, evolvePartition, outboxTo, type PartitionState } from '../state/partition-state.ts';

/** How many runs are loaded at once. */
const MAX_LOADS = 64;
/** Rows of one read. */
const PAGE_ROWS = 500;
/** How often a recovery begins again because the tables moved under it. */
const MAX_ATTEMPTS = 5;

/** What is needed to recover a partition. */
export interface RecoveryOptions {
  readonly partition: number;
  readonly epoch: number;
  readonly store: Pick<StateStore, 'journal' | 'tables'>;
  readonly readRules: ReadRules;
  /** A run whose log cannot be folded: the others are recovered nevertheless. [journal.md 14] */
  readonly onPoisoned: (entry: RunEntry, error: unknown) => void;
}

/** A partition as its journal and tables have it. */
export interface RecoveredPartition {
  readonly state: PartitionState;
  /** Runs that happened something to since the checkpoint. */
  readonly runs: readonly HotRun[];
  readonly checkpointPosition: number;
  /** The position of this owner's epoch record. */
  readonly epochPosition: number;
}

interface PositionedEntry {
  readonly position: number;
  readonly entry: RunEntry;
}

/**
 * Takes a partition over: writes the epoch record, so that whoever owned it collides, then reads checkpoint and journal.
 * [journal.md 12]
 *
 * @throws DATA_CORRUPTION for a record that does not decode; the partition is not served then.
 */
export async function recoverPartition(options: RecoveryOptions, signal: AbortSignal): Promise<RecoveredPartition> {
  const { partition, epoch, store } = options;
  let covered = await store.tables.readCheckpoint(partition);
  const epochPosition = await store.journal.writeEpoch(partition, epoch, signal, covered?.position);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const recovered = await maybeRecover(options, (covered?.position ?? 0) + 1, epochPosition, signal);
    if (recovered !== undefined) return recovered;
    covered = await store.tables.readCheckpoint(partition);
  }
  throw new DomainError('UNAVAILABLE', `partition ${partition} is still written to by its last owner`, {
    retryAfterMs: 10_000,
  });
}

/**
 * Reads everything at the same time, because nobody serves the partition meanwhile; `from` is where the journal is read
 * from, at or below what the checkpoint covers. Absent: the journal was trimmed while it was read, so that the checkpoint
 * has moved.
 */
async function maybeRecover(
  options: RecoveryOptions,
  from: number,
  epochPosition: number,
  signal: AbortSignal,
): Promise<RecoveredPartition | undefined> {
  const { partition, store } = options;
  const records = store.journal.read(partition, { from, to: epochPosition }, signal)[Symbol.asyncIterator]();
  const [first, checkpoint, outbox] = await Promise.all([
    records.next(),
    store.tables.readCheckpoint(partition),
    readOutbox(options, signal),
  ]);
  const checkpointPosition = checkpoint?.position ?? 0;
  const state = checkpoint === undefined ? createPartitionState() : decodeCheckpoint(checkpoint.body);
  putOutbox(state, outbox);
  const byRun = new Map<string, PositionedEntry[]>();
  let next = checkpointPosition + 1;
  for (let read = first; read.done !== true; read = await records.next()) {
    const record = read.value;
    if (record.position <= checkpointPosition) continue;
    if (record.position !== next) {
      // Epoch records outlive trimming: before the first one that is wanted there may be older ones.
      if (next === checkpointPosition + 1) return undefined;
      throw corrupt(partition, next);
    }
    next += 1;
    for (const bytes of record.entries) readEntry(bytes, record.position, state, byRun);
  }
  if (next !== epochPosition + 1) return undefined;
  // Every run is tried again: code that is newer may fold what was not folded before.
  state.quarantined.clear();
  const runs = await foldAll(options, state, byRun, signal);
  for (const { run } of runs) state.time = Math.max(state.time, run.updateTime);
  return { state, runs, checkpointPosition, epochPosition };
}

async function readOutbox({ partition, store }: RecoveryOptions, signal: AbortSignal): Promise<readonly OutboxRow[]> {
  const found: OutboxRow[] = [];
  for (;;) {
    signal.throwIfAborted();
    const rows = await store.tables.readOutbox(partition, PAGE_ROWS, found.at(-1));
    found.push(...rows);
    if (rows.length < PAGE_ROWS) return found;
  }
}

/** Messages have rows; what the journal says of them comes after. */
function putOutbox(state: PartitionState, rows: readonly OutboxRow[]): void {
  for (const { targetPartition, number, body } of rows) {
    const outbox = outboxTo(state, targetPartition);
    // A row of a later one was written by a round that did not come to its checkpoint: the journal has it too.
    if (number < outbox.nextNumber) outbox.waiting.set(number, { targetPartition, number, body, hasRow: true });
  }
}

function readEntry(
  bytes: Uint8Array,
  position: number,
  state: PartitionState,
  byRun: Map<string, PositionedEntry[]>,
): void {
  const reader = createByteReader(bytes);
  if (readEntryKind(reader) === 'partition') {
    while (reader.position < reader.end) evolvePartition(state, decodePartitionEvent(reader));
    return;
  }
  const entry = readRunEntry(reader);
  const id = runIdKey(entry.identity);
  const entries = byRun.get(id);
  if (entries === undefined) byRun.set(id, [{ position, entry }]);
  else entries.push({ position, entry });
}

async function foldAll(
  options: RecoveryOptions,
  state: PartitionState,
  byRun: ReadonlyMap<string, readonly PositionedEntry[]>,
  signal: AbortSignal,
): Promise<readonly HotRun[]> {
  const runs: HotRun[] = [];
  const waiting = byRun.values();
  const work = async (): Promise<void> => {
    for (const entries of waiting) {
      signal.throwIfAborted();
      const hot = await foldRun(options, state, entries);
      if (hot !== undefined) runs.push(hot);
    }
  };
  await Promise.all(Array.from({ length: MAX_LOADS }, work));
  return runs;
}

async function foldRun(
  options: RecoveryOptions,
  state: PartitionState,
  entries: readonly PositionedEntry[],
): Promise<HotRun | undefined> {
  let hot: HotRun | undefined;
  for (const { entry, position } of entries) {
    if (state.deletions.has(entry.identity.incarnation)) continue;
    try {
      if (entry.start !== undefined && entry.events.firstSequence === 1) {
        const replaced: HotRun | undefined = hot;
        hot = await startFold(options, entry);
        if (replaced !== undefined) replaceRun(replaced, hot);
      } else if (hot?.identity.incarnation !== entry.identity.incarnation) {
        hot = await loadFor(options, entry);
      }
      if (hot !== undefined && foldEvents(hot, entry.events)) hot.lastPosition = position;
    } catch (error) {
      if (!isOfOneRun(error)) throw error;
      quarantine(state, entry, error);
      options.onPoisoned(entry, error);
      return undefined;
    }
  }
  return hot;
}

async function startFold(options: RecoveryOptions, entry: RunEntry): Promise<HotRun> {
  const { identity, events, start } = entry;
  const hot = createHotRun(identity, NO_RULES_YET, start as NonNullable<typeof start>);
  const [first] = decodeEvents(splitEvents(events, 2)[0], hot.baseTime);
  const started = first?.kind === 'systemRecord' ? first.record : first;
  if (started?.kind !== 'runStarted') throw new LogError('INCONSISTENT', 'a log does not begin with a start');
  const { workflow, version } = started;
  const isClient = identity.driver === 'CLIENT';
  const rules = isClient ? CLIENT_RULES : await options.readRules(identity.tenantId, workflow, version);
  const fresh = createHotRun(identity, rules, hot.start);
  // Its rows may have been written before: it counts as one that has some.
  fresh.hasHead = true;
  return fresh;
}

const NO_RULES_YET = { retry: undefined, scheduleToStartMs: undefined, cleanupTimeoutMs: undefined };

/** The run that entries without a start go on from. Absent: it was deleted meanwhile. */
async function loadFor(options: RecoveryOptions, entry: RunEntry): Promise<HotRun | undefined> {
  const { tables } = options.store;
  const head = await maybeLoadRun(tables, options.readRules, entry.identity);
  if (head?.identity.incarnation === entry.identity.incarnation) return head;
  return await maybeLoadPastRun(tables, options.readRules, entry.identity);
}

/** Whether an error is about one run alone: its log, or its rows. */
function isOfOneRun(error: unknown): error is Error {
  return error instanceof LogError || (error instanceof DomainError && error.kind === 'corrupt');
}

/** Holds a run that cannot be folded; the others are served. [journal.md 14] */
function quarantine(state: PartitionState, { identity }: RunEntry, error: Error): void {
  const { tenantId, runId, incarnation } = identity;
  const { message } = error;
  evolvePartition(state, { kind: 'runQuarantined', tenantId, runId, incarnation, message, time: state.time });
}

function corrupt(partition: number, position: number): DomainError {
  return new DomainError('DATA_CORRUPTION', `the journal of partition ${partition} has no record ${position}`);
}
