import { randomBytes } from 'node:crypto';
import type { Journal, JournalRecord } from '#libs/store/journal/journal.ts';
import { BATCH_ID_BYTES } from '#libs/store/journal/record-format.ts';
import { createRecordWriter } from '#libs/store/journal/record-writer.ts';

/** Bytes of an entry: a step with a small result. */
const ENTRY_BYTES = 300;
/** Entries in a commit, from one run at a time to a busy node. */
export const ENTRIES_PER_COMMIT: readonly number[] = [1, 8, 64, 256];
/** Commits between two trims, and records that a trim leaves. */
const TRIM_EVERY = 512;
const WARM_UP_COMMITS = 200;
const REPLAY_PARTITIONS = 16;

/** Something that makes entries durable, one commit after the other. */
export interface CommitSubject {
  readonly name: string;
  /** Makes the entries durable at the next position. */
  commit(entries: readonly Uint8Array[]): Promise<void>;
  /** Forgets all but the newest, as its owner would. */
  trim(): Promise<void>;
}

/** What a subject did in one round. */
export interface CommitFigure {
  readonly entriesPerSecond: number;
  readonly commitsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicrosPerEntry: number;
}

/** Says how a benchmark reaches the end of its wait. Nothing here is aborted. */
const signal = new AbortController().signal;

/** A journal, with the packing of the record included. */
export function journalSubject(name: string, journal: Journal): CommitSubject {
  const writer = createRecordWriter();
  let position = 0;
  return {
    name,
    async commit(entries) {
      position += 1;
      for (const entry of entries) writer.add(entry);
      const header = { partition: 0, position, epoch: 1, isEpoch: false, batchId: randomBytes(BATCH_ID_BYTES) };
      const [outcome] = await journal.append([{ ...header, bytes: writer.finish(header) }]);
      if (outcome !== 'committed') throw new Error(`${name}: position ${position} is ${outcome}`);
    },
    trim: () => journal.trim(0, position - TRIM_EVERY, signal),
  };
}

/**
 * Measures subjects in alternating rounds, each beginning with another one, so that a neighbour on the machine harms all
 * alike. Answers the figures of each by round.
 */
export async function measureCommits(
  subjects: readonly CommitSubject[],
  entriesPerCommit: number,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<ReadonlyMap<string, readonly CommitFigure[]>> {
  const entries = Array.from({ length: entriesPerCommit }, (_, index) => makeEntry(index));
  for (const subject of subjects) {
    for (let i = 0; i < WARM_UP_COMMITS; i += 1) await subject.commit(entries);
  }
  const figures = new Map<string, CommitFigure[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < subjects.length; i += 1) {
      const subject = subjects[(round + i) % subjects.length];
      if (subject === undefined) continue;
      figures.get(subject.name)?.push(await measureRound(subject, entries, seconds * 1000));
    }
  }
  return figures;
}

/** An entry as steps write them: partly text that repeats, partly bytes that do not, for stores that compress. */
function makeEntry(sequence: number): Uint8Array {
  const result = { status: 'charged', amount: 1_999, receipt: randomBytes(48).toString('base64') };
  const step = { run: randomBytes(16).toString('hex'), step: 'charge-card', sequence, attempt: 1, result };
  return Buffer.from(JSON.stringify(step).padEnd(ENTRY_BYTES));
}

async function measureRound(subject: CommitSubject, entries: readonly Uint8Array[], ms: number): Promise<CommitFigure> {
  const took: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let now = start; now - start < ms; ) {
    await subject.commit(entries);
    const end = performance.now();
    took.push(end - now);
    if (took.length % TRIM_EVERY === 0) await subject.trim();
    now = performance.now();
  }
  const elapsedSeconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const count = took.length * entries.length;
  took.sort((a, b) => a - b);
  const quantile = (share: number): number => took[Math.floor((took.length - 1) * share)] ?? Number.NaN;
  return {
    entriesPerSecond: count / elapsedSeconds,
    commitsPerSecond: took.length / elapsedSeconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    cpuMicrosPerEntry: (user + system) / count,
  };
}

/** Writes entries, so many per record, spread over partitions as a node's are; answers how many records. */
export async function fillJournal(journal: Journal, entryCount: number, entriesPerCommit: number): Promise<number> {
  const entry = makeEntry(0);
  const writer = createRecordWriter();
  const records = Math.ceil(entryCount / entriesPerCommit);
  for (let done = 0; done < records; done += REPLAY_PARTITIONS) {
    const batch: JournalRecord[] = [];
    for (let partition = 0; partition < Math.min(REPLAY_PARTITIONS, records - done); partition += 1) {
      for (let i = 0; i < entriesPerCommit; i += 1) writer.add(entry);
      const position = done / REPLAY_PARTITIONS + 1;
      const header = { partition, position, epoch: 1, isEpoch: false, batchId: randomBytes(BATCH_ID_BYTES) };
      batch.push({ ...header, bytes: writer.finish(header) });
    }
    const outcomes = await journal.append(batch);
    if (outcomes.some((outcome) => outcome !== 'committed')) throw new Error(`filling: ${outcomes.join(', ')}`);
  }
  return records;
}

/** Reads everything that `fillJournal` wrote, as a recovery does; answers entries per second. */
export async function measureReplay(
  journal: Journal,
): Promise<{ readonly entries: number; readonly perSecond: number }> {
  let entries = 0;
  const start = performance.now();
  for (let partition = 0; partition < REPLAY_PARTITIONS; partition += 1) {
    for await (const record of journal.read(partition, { from: 1 }, signal)) entries += record.entries.length;
  }
  return { entries, perSecond: entries / ((performance.now() - start) / 1000) };
}
