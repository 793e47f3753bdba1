/**
 * A process that writes to a journal until its disk fails it, and prints what it saw as one line of JSON. Called with a
 * folder and with a file to delete when the disk is full, which makes room.
 */
import { rmSync } from 'node:fs';
import { createJournalContext } from '#libs/store/journal/journal-context.ts';
import { openSqliteJournal } from '#libs/store/sqlite/journal.ts';
import type { StoreProblem } from '#libs/store/store-error.ts';
import { makeRecord, positionsOf } from '#test/contract/store/journal/records.ts';

/** What the process saw. */
export interface DiskReport {
  /** Positions that were acknowledged before anything failed. */
  readonly acked: number;
  readonly problem: StoreProblem | undefined;
  /** What became of the record that failed: its outcome, or the problem that settling ended with. */
  readonly settled: string;
  /** What is read back, where that was possible. */
  readonly positions: readonly number[] | undefined;
}

const [folder = '', ballast = ''] = process.argv.slice(2);
const signal = AbortSignal.timeout(30_000);
let problem: StoreProblem | undefined;
using opened = openSqliteJournal(
  folder,
  createJournalContext((error) => {
    problem ??= error.problem;
  }),
);
const { journal } = opened;

let position = 0;
let outcome: string | undefined;
const recordAt = (at: number) => makeRecord({ partition: 0, position: at, entries: [Buffer.alloc(20_000, at)] });
do {
  position += 1;
  [outcome] = await journal.append([recordAt(position)]);
} while (outcome === 'committed');

const settling = journal
  .settle(recordAt(position), signal)
  .catch((error: { problem?: string }) => String(error.problem));
if (ballast !== '') setTimeout(() => rmSync(ballast), 300);
const settled = await settling;
const report: DiskReport = { acked: position - 1, problem, settled, positions: await read() };
console.log(JSON.stringify(report));

async function read(): Promise<number[] | undefined> {
  try {
    const found = [];
    for await (const record of journal.read(0, { from: 1 }, signal)) found.push(record);
    return positionsOf(found);
  } catch {
    return undefined;
  }
}
