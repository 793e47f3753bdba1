/**
 * A process that owns partitions and writes to them until it loses one or is killed. It says on standard output what it
 * knows for sure, one line each:
 *
 * - `epoch <partition> <position>` when it has taken a partition over
 * - `acked <partition> <position> <batch id>` after the outcome is known
 * - `lost <partition> <position>` when another's record stands there
 */
import { randomBytes, randomInt } from 'node:crypto';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { JournalRecord } from '#libs/store/journal/journal.ts';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';
import { encodeRecord } from '#libs/store/journal/record-writer.ts';
import { type JournalLocation, openJournalAt } from './location.ts';

/** How a writer is told what to do, as JSON in its only argument. */
export interface WriterTask {
  readonly location: JournalLocation;
  readonly partitions: readonly number[];
  readonly epoch: number;
  /** Takes nothing over and writes at each position that comes on standard input, a line each. */
  readonly isRace?: boolean;
}

const task = JSON.parse(process.argv[2] ?? '') as WriterTask;
const signal = new AbortController().signal;
const context = createJournalContext(({ problem, isFinal }) => {
  if (isFinal) throw new Error(problem);
});
const { journal } = await openJournalAt(task.location, context);

/** Synchronous, so that nothing known waits in this process when it is killed. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function newRecord(partition: number, position: number): JournalRecord {
  const batchId = randomBytes(16);
  // Mostly small, now and then large enough to be written in many pieces.
  const entryBytes = randomInt(20) === 0 ? 200_000 : 300;
  const entries = Array.from({ length: randomInt(1, 20) }, () => randomBytes(entryBytes));
  const header = { partition, position, epoch: task.epoch, isEpoch: false, batchId };
  return { ...header, bytes: encodeRecord({ ...header, entries }) };
}

/** Writes one record to each partition; answers the partitions that were lost. */
async function writeOnce(next: ReadonlyMap<number, number>): Promise<number[]> {
  const records = [...next].map(([partition, position]) => newRecord(partition, position));
  const outcomes = await journal.append(records);
  const lost: number[] = [];
  for (const [index, record] of records.entries()) {
    const { partition, position, batchId } = record;
    const outcome = outcomes[index] === 'committed' ? 'committed' : await journal.settle(record, signal);
    if (outcome === 'committed') {
      say(`acked ${partition} ${position} ${Buffer.from(batchId).toString('hex')}`);
    } else {
      lost.push(partition);
      say(`lost ${partition} ${position}`);
    }
  }
  return lost;
}

async function writeUntilLost(): Promise<void> {
  const next = new Map<number, number>();
  for (const partition of task.partitions) {
    const position = await journal.writeEpoch(partition, task.epoch, signal);
    say(`epoch ${partition} ${position}`);
    next.set(partition, position + 1);
  }
  for (;;) {
    if ((await writeOnce(next)).length > 0) return;
    for (const [partition, position] of next) next.set(partition, position + 1);
  }
}

async function writeWhereTold(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    await writeOnce(new Map(task.partitions.map((partition) => [partition, Number(line)])));
  }
}

await (task.isRace === true ? writeWhereTold() : writeUntilLost());
process.exit(0);
