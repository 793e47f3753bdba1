/**
 * A process whose thread writes tables until their disk fails it, and prints what it saw as one line of JSON. Called with
 * a folder.
 */
import { openSqliteStateTables } from '#libs/store/sqlite/tables/open-tables.ts';
import type { StoreProblem } from '#libs/store/store-error.ts';
import { bodyOf, headRow, signal, stampAt } from '#test/contract/store/tables/rows.ts';

/** What the process saw. */
export interface TablesDiskReport {
  /** The last checkpoint that was acknowledged. */
  readonly acked: number;
  /** What the write that failed said. */
  readonly problem: string;
  /** What the store said of itself. */
  readonly heard: readonly StoreProblem[];
  /** What a write and a read say after that. */
  readonly later: readonly string[];
}

const [folder = ''] = process.argv.slice(2);
const heard: StoreProblem[] = [];
await using opened = openSqliteStateTables(folder, (error) => heard.push(error.problem));
await opened.startThread();
const { tables } = opened;
const body = new Uint8Array(20_000).fill(1);

function problemOf(error: unknown): string {
  return String((error as { readonly problem?: string }).problem);
}

async function problemIn(call: Promise<unknown>): Promise<string> {
  return await call.then(() => 'none', problemOf);
}

let acked = 0;
let problem = '';
while (problem === '') {
  const position = acked + 1;
  try {
    const put = headRow({ runId: `run-${position}`, startTime: position, body });
    await tables.writeRows(stampAt(position), [{ table: 'heads', put, isNew: true }], signal);
    await tables.writeCheckpoint({ partition: 0, position, epoch: 1, body: bodyOf('state') });
    acked = position;
  } catch (error) {
    problem = problemOf(error);
  }
}
const later = [
  await problemIn(tables.writeCursor('cursor', 1)),
  await problemIn(tables.readHead({ tenantId: 'tenant', runId: 'run-1' })),
];
const report: TablesDiskReport = { acked, problem, heard, later };
console.log(JSON.stringify(report));
